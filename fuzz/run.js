'use strict'

/**
 * `npm run fuzz [-- seconds]` builds the target with Debian's clang and runs it. Findings go to build/fuzz/. An input
 * that fails is printed; add it to fuzz/corpus/ together with the fix.
 */

const fs = require('node:fs')
const path = require('node:path')
const { execFileSync, spawnSync } = require('node:child_process')

const DEFAULT_SECONDS = 60
const LONGEST_INPUT = 9000 // bytes; longer than the parser reads

const root = path.join(__dirname, '..')
const out = path.join(root, 'build', 'fuzz')
const target = path.join(out, 'http_head')
const seconds = Number(process.argv[2] ?? DEFAULT_SECONDS)
if (!(seconds > 0)) throw new RangeError(`fuzz takes a number of seconds above 0, not ${process.argv[2]}`)

fs.mkdirSync(path.join(out, 'corpus'), { recursive: true })
execFileSync('clang++', [
  '-std=c++17', '-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all', '-fprofile-instr-generate',
  '-fcoverage-mapping', '-Isrc', '-o', target, 'fuzz/http_head.cc', 'src/accept_queue/http_head.cc', 'src/accept_queue/path_patterns.cc'
], { cwd: root, stdio: 'inherit' })

const { status, stderr } = spawnSync(target, [
  `-max_total_time=${seconds}`, `-max_len=${LONGEST_INPUT}`, '-dict=fuzz/http_head.dict', '-print_final_stats=1',
  `-artifact_prefix=${out}/`, path.join(out, 'corpus'), 'fuzz/corpus'
], { cwd: root, encoding: 'utf8', env: { ...process.env, LLVM_PROFILE_FILE: `${out}/profile` }, maxBuffer: 1e9 })

const lines = stderr.split('\n')
if (status !== 0) {
  console.error(lines.slice(-60).join('\n'))
  process.exitCode = 1
} else {
  console.log(lines.filter((line) => /DONE|number_of_executed_units|average_exec_per_sec|new_units_added/.test(line)).join('\n'))
  console.log(coverage())
}

/** The coverage of the sources by line and branch, if LLVM's tools are installed. */
function coverage () {
  try {
    execFileSync('llvm-profdata', ['merge', '-sparse', `${out}/profile`, '-o', `${out}/merged`])
    return execFileSync('llvm-cov', ['report', target, `-instr-profile=${out}/merged`, 'src/accept_queue/http_head.cc', 'src/accept_queue/path_patterns.cc'],
      { cwd: root, encoding: 'utf8' })
  } catch (error) {
    return `coverage of the sources: ${/** @type {Error} */ (error).message}`
  }
}
