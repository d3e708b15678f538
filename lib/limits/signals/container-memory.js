'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * @typedef {object} Layout of one version of Linux's control groups
 * @property {string} type of the mount
 * @property {string} limit name of the file that has it, and so on
 * @property {string} usage
 * @property {string} reclaimable of memory.stat: cache that the kernel gives up before it kills
 */

/** @type {Layout} */
const V2 = { type: 'cgroup2', limit: 'memory.max', usage: 'memory.current', reclaimable: 'inactive_file' }
/** @type {Layout} */
const V1 = { type: 'cgroup', limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', reclaimable: 'total_inactive_file' }

/** Version 1 has no word for "no limit" but the largest number there is, in whole pages. */
const NO_LIMIT = 2 ** 60

/**
 * Memory in use against the limit of the container: of the control group of this process, or of that one
 * above it which is nearest to its own limit.
 *
 * @param {string} [root] where the file system begins, for a test
 */
function containerMemory (root = '/') {
  const groups = findGroups(root)
  return {
    read () {
      const ratios = groups.map(ratioOf).filter((ratio) => ratio !== null)
      return { memoryRatio: ratios.length > 0 ? Math.max(...ratios) : null }
    }
  }
}

/**
 * @typedef {{ dir: string, layout: Layout }} Group
 *
 * @param {string} root
 * @returns {Group[]} that of this process and those above, where memory is accounted
 */
function findGroups (root) {
  const mounts = linesOf(path.join(root, 'proc/self/mountinfo')).map(parseMount)
  const memberships = linesOf(path.join(root, 'proc/self/cgroup'))
  for (const layout of [V2, V1]) {
    const mount = mounts.find(({ type, options }) => type === layout.type && (layout === V2 || options.includes('memory')))
    const own = memberships.map(parseMembership)
      .find(({ controllers }) => layout === V2 ? controllers === '' : controllers.split(',').includes('memory'))?.path
    if (mount === undefined || own === undefined) continue
    const groups = upFrom(path.join(root, mount.point), relative(mount.root, own))
      .filter((dir) => fs.existsSync(path.join(dir, layout.limit)))
    if (groups.length > 0) return groups.map((dir) => ({ dir, layout }))
  }
  return []
}

/** A line of proc_pid_mountinfo(5). @param {string} line */
function parseMount (line) {
  const [before, after = ''] = line.split(' - ')
  const [, , , root, point] = before.split(' ')
  const [type, , options = ''] = after.split(' ')
  return { root, point, type, options: options.split(',') }
}

/** A line of cgroups(7)' /proc/pid/cgroup. @param {string} line */
function parseMembership (line) {
  const [, controllers, ...rest] = line.split(':')
  return { controllers, path: rest.join(':') }
}

/**
 * Where a group is below a mount that shows the groups from `mountRoot` down. A container may be told
 * its path as the host has it, and be shown only its own group: that is then the mount.
 *
 * @param {string} mountRoot
 * @param {string} own
 */
function relative (mountRoot, own) {
  if (mountRoot === '/') return own
  return own === mountRoot || own.startsWith(`${mountRoot}/`) ? own.slice(mountRoot.length) : ''
}

/**
 * @param {string} mount
 * @param {string} below
 * @returns {string[]}
 */
function upFrom (mount, below) {
  const dirs = []
  for (let dir = path.join(mount, below); dir.startsWith(mount); dir = path.dirname(dir)) {
    dirs.push(dir)
    if (path.relative(mount, dir) === '') break
  }
  return dirs
}

/** @param {Group} group */
function ratioOf ({ dir, layout }) {
  try {
    const limit = Number(fs.readFileSync(path.join(dir, layout.limit), 'latin1')) // NaN where it says 'max'
    if (!(limit < NO_LIMIT)) return null
    const usage = Number(fs.readFileSync(path.join(dir, layout.usage), 'latin1'))
    const stat = fs.readFileSync(path.join(dir, 'memory.stat'), 'latin1')
    const reclaimable = Number(stat.match(new RegExp(`^${layout.reclaimable} (\\d+)`, 'm'))?.[1] ?? 0)
    return limit > 0 ? Math.max(0, usage - reclaimable) / limit : 1
  } catch {
    return null // the group is gone, or no descriptor is free
  }
}

/** @param {string} file */
function linesOf (file) {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '')
  } catch {
    return [] // no Linux, or no /proc
  }
}

module.exports = Object.assign(() => containerMemory(), { containerMemory })
