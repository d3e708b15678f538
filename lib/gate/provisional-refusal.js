'use strict'

/**
 * @typedef {import('../limits/index.js').ExceededLimit} ExceededLimit
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 */

/** A refusal by a limit that may be overruled. Exactly one of the methods is to be called, once. */
class ProvisionalRefusal {
  /**
   * @param {ExceededLimit} exceeded
   * @param {() => ShedInfo} confirm counts and reports the refusal
   * @param {() => ShedInfo | null} overrule decides as if no limit were exceeded
   */
  constructor (exceeded, confirm, overrule) {
    this.exceeded = exceeded
    this.confirm = confirm
    this.overrule = overrule
  }
}

module.exports = { ProvisionalRefusal }
