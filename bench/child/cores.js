'use strict'

const { execFileSync } = require('node:child_process')

/**
 * The cores this process may use, or none where `taskset` is missing or only one core is allowed.
 *
 * @returns {string[]}
 */
function allowed () {
  let answer
  try {
    answer = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return []
  }
  const list = answer.slice(answer.lastIndexOf(':') + 1).trim().split(',').flatMap(expand)
  return list.length > 1 ? list : []
}

function expand (range) {
  const [from, to = from] = range.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i))
}

let list

/** @returns {boolean} whether children are kept on cores of their own */
function canPin () {
  list ??= allowed()
  return list.length > 0
}

/**
 * How to fork a child on one core. First and last: with more than two cores these are never two threads of one core.
 *
 * @param {'first' | 'last'} which
 * @returns {{ execPath: string, execArgv: string[] } | undefined} options for `fork`
 */
function pinTo (which) {
  if (!canPin()) return undefined
  return { execPath: 'taskset', execArgv: ['-c', list.at(which === 'first' ? 0 : -1), process.execPath] }
}

module.exports = { canPin, pinTo }
