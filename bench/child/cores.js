'use strict'

const { execFileSync } = require('node:child_process')

/**
 * The cores that this process may use; empty if `taskset` is missing or only one core is allowed.
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

/** @returns {boolean} whether child processes are pinned to cores */
function canPin () {
  list ??= allowed()
  return list.length > 0
}

/**
 * Options to fork a child on the first or the last core. With more than two logical cores, these two are never
 * hardware threads of the same physical core.
 *
 * @param {'first' | 'last'} which
 * @returns {{ execPath: string, execArgv: string[] } | undefined} for `fork`; undefined if children are not pinned
 */
function pinTo (which) {
  if (!canPin()) return undefined
  return { execPath: 'taskset', execArgv: ['-c', list.at(which === 'first' ? 0 : -1), process.execPath] }
}

/**
 * @param {'first' | 'last'} which
 * @returns {string[]} what to write before a command to run it on that core
 */
function onCore (which) {
  const { execPath, execArgv } = pinTo(which) ?? {}
  return execPath ? [execPath, ...execArgv.slice(0, -1)] : []
}

module.exports = { canPin, onCore, pinTo }
