'use strict'

const { types } = require('node:util')

const { isThenable } = require('../thenable.js')
const { WAIT } = require('./answers.js')

/**
 * @template T
 * @param {T | PromiseLike<T>} element of an iterable. A promise stands for its value
 * @param {import('./index.js').Receiver<T>} receiver
 * @returns {T | typeof WAIT}
 */
function answerElement (element, receiver) {
  if (!isThenable(element)) return element
  Promise.resolve(element).then(item => receiver.receive(item), error => receiver.receiveRejected(element, error))
  return WAIT
}

/**
 * Prevents an unhandled rejection of a promise that rejects before it is awaited. Other thenables are not touched, because
 * they may start their work only when they are awaited.
 *
 * @param {unknown} element
 */
function markHandled (element) {
  if (typeof element === 'object' && isThenable(element) && types.isPromise(element)) element.catch(() => {})
}

module.exports = { answerElement, markHandled }
