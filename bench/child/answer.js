'use strict'

/**
 * The child's half of `startChild`: answers each question of the parent, and ends with it.
 *
 * @param {(question: object) => object | Promise<object>} reply a rejection ends the process with its stack on stderr
 */
function answer (reply) {
  process.on('message', async question => process.send(await reply(question)))
  process.once('disconnect', () => process.exit())
  // Ctrl-C reaches the whole group; the parent decides, and its end is ours.
  process.on('SIGINT', () => {})
}

module.exports = answer
