'use strict'

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
  element.then(item => receiver.receive(item), error => receiver.sourceFailed(error))
  return WAIT
}

module.exports = { answerElement }
