'use strict'

/**
 * @typedef {import('../limits/index.js').ExceededLimit} ExceededLimit
 * @typedef {import('./options.js').ShedInfo} ShedInfo
 */

/** A refusal by a limit on the process that may still be overruled. Exactly one of its methods must be called, once. */
class ProvisionalRefusal {
  /**
   * @param {ExceededLimit} exceeded
   * @param {() => ShedInfo} confirm counts and reports the refusal
   * @param {() => ShedInfo | null} overrule judges the request as if no limit were exceeded
   */
  constructor (exceeded, confirm, overrule) {
    this.exceeded = exceeded
    this.confirm = confirm
    this.overrule = overrule
  }
}

module.exports = { ProvisionalRefusal }
