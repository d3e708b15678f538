'use strict'

const { types } = require('node:util')

const { isThenable } = require('../thenable.js')
const { WAIT } = require('./answers.js')

/**
 * @template T
 * @param {T | PromiseLike<T>} element of an iterable, where a promise stands for its value
 * @param {import('./index.js').Receiver<T>} receiver
 * @returns {T | typeof WAIT}
 */
function answerElement (element, receiver) {
  if (!isThenable(element)) return element
  Promise.resolve(element).then(item => receiver.receive(item), error => receiver.receiveRejected(element, error))
  return WAIT
}

/**
 * Keeps a promise that rejects before its turn comes from being an unhandled rejection. Other thenables are left alone:
 * they may start their work only when they are awaited.
 *
 * @param {unknown} element
 */
function markHandled (element) {
  if (typeof element === 'object' && isThenable(element) && types.isPromise(element)) element.catch(() => {})
}

module.exports = { answerElement, markHandled }
