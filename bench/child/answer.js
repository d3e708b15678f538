'use strict'

/**
 * The child's side of `startChild`: answers each question of the parent, and exits when the parent does.
 *
 * @param {(question: object) => object | Promise<object>} reply if it rejects, the process prints the stack and exits
 */
function answer (reply) {
  process.on('message', async question => process.send(await reply(question)))
  process.once('disconnect', () => process.exit())
  // Ctrl-C signals the whole process group. The parent handles it; when it exits, this process does too.
  process.on('SIGINT', () => {})
}

module.exports = answer
