'use strict'

/** Gives connections that native code has accepted to Node, as if Node had accepted them. */

// The type that `new TCP(type)` and `new Pipe(type)` take for a connection, as opposed to a listening socket.
const SOCKET = 0
/** Replaces a descriptor that a handle has taken over. */
const TAKEN = -1

/**
 * Does what libuv and Node's binding do with a connection that they have accepted. A slot becomes TAKEN as soon as a
 * handle owns its descriptor; the caller keeps the others.
 *
 * @param {any} server
 * @param {any} handle on which the server listened
 * @param {{ [index: number]: number }} fds
 * @param {number} count
 */
function handOverAll (server, handle, fds, count) {
  for (let i = 0; i < count && server._handle === handle; i++) {
    if (fds[i] === TAKEN) continue
    const connection = new handle.constructor(SOCKET)
    if (connection.open(fds[i]) !== 0) {
      connection.close()
      continue
    }
    fds[i] = TAKEN
    handle.onconnection(0, connection)
  }
}

/**
 * Closes a socket's descriptor by means of a handle.
 *
 * @param {any} handle of the same kind
 * @param {number} fd
 */
function discard (handle, fd) {
  const connection = new handle.constructor(SOCKET)
  connection.open(fd)
  connection.close()
}

module.exports = { TAKEN, discard, handOverAll }
