'use strict'

/**
 * Lets an app of Express refuse a request before it prepares it for its layers, which takes longer than the refusal does.
 */
class EarlyRefusal {
  #refuse
  #isClosed = false
  /** For each app that refuses early, the function that restores it. @type {Map<any, () => void>} */
  #restore = new Map()

  /** @param {(req: any, res: any) => boolean} refuse judges a request, and returns whether it has refused it */
  constructor (refuse) {
    this.#refuse = refuse
  }

  /** @param {any} app */
  add (app) {
    if (this.#restore.has(app)) return
    const { handle } = app
    const refuse = (/** @type {any} */ req, /** @type {any} */ res) => !this.#isClosed && this.#refuse(req, res)

    /** @this {any} @param {any} req @param {any} res @param {Function} [callback] given if other code passes the request on */
    function handleUnlessRefused (req, res, callback) {
      if (callback === undefined && refuse(req, res)) return
      return Reflect.apply(handle, this, arguments)
    }

    app.handle = handleUnlessRefused
    this.#restore.set(app, () => {
      if (app.handle === handleUnlessRefused) app.handle = handle
    })
  }

  close () {
    this.#isClosed = true
    for (const restore of this.#restore.values()) restore()
    this.#restore.clear()
  }
}

module.exports = { EarlyRefusal }
