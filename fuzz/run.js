'use strict'

/**
 * `npm run fuzz [-- seconds]` builds all targets with Debian's clang and runs one after the other, for so many seconds in
 * total. Findings go to build/fuzz/. An input that fails is printed; add it to the target's folder in fuzz/corpus/ together
 * with the fix.
 */

const fs = require('node:fs')
const path = require('node:path')
const { execFileSync, spawnSync } = require('node:child_process')

/**
 * @typedef {object} Target its code is in fuzz/NAME.cc, its first inputs are in fuzz/corpus/NAME/
 * @property {string} name
 * @property {string[]} sources what it tests
 * @property {string} [dict] a dictionary of words that inputs may contain
 * @property {number} longestInput bytes
 * @property {number} share of the seconds; all shares together are 1
 */

/** @type {Target[]} */
const TARGETS = [
  {
    name: 'http_head',
    sources: ['src/accept_queue/http_head.cc', 'src/accept_queue/path_patterns.cc'],
    dict: 'fuzz/http_head.dict',
    longestInput: 9000, // longer than the parser reads
    share: 0.7
  },
  {
    name: 'tls_record',
    sources: ['src/accept_queue/tls_record.cc'],
    longestInput: 2000, // longer than the first record of most clients
    share: 0.1
  },
  {
    name: 'unix_queue',
    sources: ['src/os/accept_queue_length_linux.cc'],
    longestInput: 1024, // as long as the buffer for the kernel's answer
    share: 0.2
  }
]
const DEFAULT_SECONDS = 60
const LEAST_SECONDS = 1 // of one target; libFuzzer takes whole seconds, and 0 as no limit
const LONGEST_RUN_SECONDS = 10 // on one input, which takes less than a millisecond; longer: an endless loop

const root = path.join(__dirname, '..')
const out = path.join(root, 'build', 'fuzz')
const seconds = Number(process.argv[2] ?? DEFAULT_SECONDS)
if (!(seconds > 0)) throw new RangeError(`fuzz takes a number of seconds above 0, not ${process.argv[2]}`)

for (const target of TARGETS) {
  build(target)
  run(target)
}

/** @param {Target} target */
function build ({ name, sources }) {
  fs.mkdirSync(path.join(out, 'corpus', name), { recursive: true })
  execFileSync('clang++', [
    '-std=c++17', '-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all', '-fprofile-instr-generate',
    '-fcoverage-mapping', '-Isrc', '-o', path.join(out, name), `fuzz/${name}.cc`, ...sources
  ], { cwd: root, stdio: 'inherit' })
}

/** @param {Target} target */
function run (target) {
  const { name, dict, longestInput, share } = target
  const { status, stderr } = spawnSync(path.join(out, name), [
    `-max_total_time=${Math.max(LEAST_SECONDS, Math.round(seconds * share))}`, `-max_len=${longestInput}`,
    `-timeout=${LONGEST_RUN_SECONDS}`, ...(dict === undefined ? [] : [`-dict=${dict}`]), '-print_final_stats=1',
    `-artifact_prefix=${out}/${name}-`, path.join(out, 'corpus', name), `fuzz/corpus/${name}`
  ], { cwd: root, encoding: 'utf8', env: { ...process.env, LLVM_PROFILE_FILE: `${out}/${name}.profile` }, maxBuffer: 1e9 })

  console.log(`${name}:`)
  const lines = stderr.split('\n')
  if (status !== 0) {
    console.error(lines.slice(-60).join('\n'))
    process.exitCode = 1
  } else {
    console.log(lines.filter((line) => /DONE|number_of_executed_units|average_exec_per_sec|new_units_added/.test(line)).join('\n'))
    console.log(coverage(target))
  }
}

/**
 * The coverage of the sources by line and branch, if LLVM's tools are installed.
 *
 * @param {Target} target
 */
function coverage ({ name, sources }) {
  const profile = `${out}/${name}.profile`
  try {
    execFileSync('llvm-profdata', ['merge', '-sparse', profile, '-o', `${profile}.merged`])
    return execFileSync('llvm-cov', ['report', path.join(out, name), `-instr-profile=${profile}.merged`, ...sources],
      { cwd: root, encoding: 'utf8' })
  } catch (error) {
    return `coverage of the sources: ${/** @type {Error} */ (error).message}`
  }
}
