'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')

const root = path.join(__dirname, '..', '..', '..')
const execute = promisify(execFile)

/** @typedef {{ filename: string, size: number, unpackedSize: number, files: { path: string }[] }} Tarball */

/** An empty project into which the package is installed as by a user, on a system without a compiler. */
class Project {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-install-'))
  #bin = path.join(this.folder, 'bin')

  /** @returns {Promise<string>} path of the tarball */
  async pack () {
    const { filename } = await this.#pack()
    return path.join(this.folder, filename)
  }

  /** @returns {Promise<Tarball>} */
  async #pack () {
    // `npm pack` would first make types and binaries: the types are made here, and the tests use the binaries in prebuilds/.
    await this.#npm(['run', 'build:types'], root)
    const { stdout } = await this.#npm(['pack', '--ignore-scripts', '--json', '--pack-destination', this.folder], root)
    return JSON.parse(stdout)[0]
  }

  /** @param {string[]} dependencies beside the package @returns {Promise<Tarball>} */
  async install (dependencies) {
    const tarball = await this.#pack()
    fs.mkdirSync(this.#bin)
    fs.symlinkSync(process.execPath, path.join(this.#bin, 'node'))
    fs.writeFileSync(path.join(this.folder, 'package.json'), '{ "private": true }')
    await this.#npm(['install', '--prefer-offline', `./${tarball.filename}`, ...dependencies], this.folder, this.#bin)
    return tarball
  }

  /** As on a build server: from the lockfile. @returns {Promise<string>} the output of npm and all scripts */
  async reinstall () {
    const { stdout, stderr } = await this.#npm(['ci', '--prefer-offline', '--foreground-scripts'], this.folder, this.#bin)
    return stdout + stderr
  }

  /** @param {string[]} parts @returns {string} a path in the installed package */
  path (...parts) {
    return path.join(this.folder, 'node_modules', 'spillway', ...parts)
  }

  /** The installed package.json. */
  manifest () {
    return JSON.parse(fs.readFileSync(this.path('package.json'), 'utf8'))
  }

  hasCompiled () {
    return fs.existsSync(this.path('build')) || fs.existsSync(this.path('src', 'build'))
  }

  /** @param {string[]} args @param {string} cwd @param {string} [searched] the PATH */
  #npm (args, cwd, searched = process.env.PATH) {
    return execute(process.execPath, [process.env.npm_execpath ?? '', ...args], { cwd, env: { ...process.env, PATH: searched } })
  }

  /**
   * @param {string[]} command up to the script
   * @param {string} source CommonJS
   * @returns {Promise<{ code: number | string, stdout: string, stderr: string }>}
   */
  async run ([program, ...args], source) {
    const script = path.join(this.folder, 'script.cjs')
    fs.writeFileSync(script, source)
    const env = { ...process.env, NO_COLOR: '1' }
    return execute(program, [...args, script], { cwd: this.folder, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, signal, stdout, stderr }) => ({ code: signal ?? code, stdout, stderr }))
  }

  removeBinaries () {
    fs.rmSync(this.path('prebuilds'), { recursive: true })
  }

  remove () {
    fs.rmSync(this.folder, { recursive: true })
  }
}

module.exports = { Project }
