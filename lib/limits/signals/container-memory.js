'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * @typedef {object} Layout the file names of one version of Linux's control groups
 * @property {string} type of the mount
 * @property {string} limit the file that contains the limit
 * @property {string} usage the file that contains the usage
 * @property {string} reclaimable the entry of memory.stat for the cache that the kernel reclaims before it kills a
 *   process
 */

/** @type {Layout} */
const V2 = { type: 'cgroup2', limit: 'memory.max', usage: 'memory.current', reclaimable: 'inactive_file' }
/** @type {Layout} */
const V1 = { type: 'cgroup', limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', reclaimable: 'total_inactive_file' }

/** Version 1 expresses "no limit" as the largest possible number of bytes in whole pages. */
const NO_LIMIT = 2 ** 60

/**
 * Memory in use as a share of the container's limit. Of the control group of this process and those above it, the one
 * closest to its own limit counts.
 *
 * @param {string} [root] of the file system, for tests
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
 * @returns {Group[]} the control group of this process and those above it, if they account for memory
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

/** Parses a line of proc_pid_mountinfo(5). @param {string} line */
function parseMount (line) {
  const [before, after = ''] = line.split(' - ')
  const [, , , root, point] = before.split(' ')
  const [type, , options = ''] = after.split(' ')
  return { root, point, type, options: options.split(',') }
}

/** Parses a line of /proc/pid/cgroup, see cgroups(7). @param {string} line */
function parseMembership (line) {
  const [, controllers, ...rest] = line.split(':')
  return { controllers, path: rest.join(':') }
}

/**
 * The path of a group relative to a mount that shows the groups from `mountRoot` down. A container may see only its own
 * group, but under the path that it has on the host. The mount is then the group itself.
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
    const limit = Number(fs.readFileSync(path.join(dir, layout.limit), 'latin1')) // NaN if the file contains 'max'
    if (!(limit < NO_LIMIT)) return null
    const usage = Number(fs.readFileSync(path.join(dir, layout.usage), 'latin1'))
    const stat = fs.readFileSync(path.join(dir, 'memory.stat'), 'latin1')
    const reclaimable = Number(stat.match(new RegExp(`^${layout.reclaimable} (\\d+)`, 'm'))?.[1] ?? 0)
    return limit > 0 ? Math.max(0, usage - reclaimable) / limit : 1
  } catch {
    return null // the group has been removed, or no descriptor is free
  }
}

/** @param {string} file */
function linesOf (file) {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '')
  } catch {
    return [] // not Linux, or no /proc
  }
}

module.exports = Object.assign(() => containerMemory(), { containerMemory })
