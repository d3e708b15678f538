'use strict'

const { execSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..', 'src')
const [addon] = JSON.parse(fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8')).targets

/** @param {'linux' | 'mac' | 'win'} os @returns {string[]} absolute paths */
function sources (os) {
  return valuesOf('sources', os).map((file) => path.join(root, file))
}

/** The flags in binding.gyp for compilers that accept GCC's. @param {'linux' | 'mac' | 'win'} os */
function compilerFlags (os) {
  return [
    ...valuesOf('cflags_cc', os),
    ...(addon.configurations.Release.cflags_cc ?? []),
    ...valuesOf('defines', os).map((name) => `-D${name}`),
    ...valuesOf('include_dirs', os).map((folder) => `-I${path.resolve(root, expand(folder))}`)
  ]
}

/** @param {string} key @param {'linux' | 'mac' | 'win'} os @returns {string[]} */
function valuesOf (key, os) {
  const conditional = (addon.conditions ?? []).map(([condition, then, otherwise]) => holds(condition, os) ? then : otherwise)
  return [addon, ...conditional].flatMap((part) => part?.[key] ?? [])
}

/** Expands commands as GYP does: `<!(command)` stands for the output of `command`. @param {string} value */
function expand (value) {
  const [, command] = /^<!\((.*)\)$/.exec(value) ?? []
  return command === undefined ? value : execSync(command, { cwd: root, encoding: 'utf8' }).trim()
}

/** @param {string} condition @param {string} os */
function holds (condition, os) {
  const [, operator, name] = /^OS\s*(==|!=)\s*'(\w+)'$/.exec(condition) ?? []
  if (name === undefined) throw new Error(`binding.gyp: prebuild cannot evaluate the condition ${condition}`)
  return (operator === '==') === (os === name)
}

module.exports = { sources, compilerFlags, linkerFlags: (os) => valuesOf('ldflags', os) }
