/**
 * The first thing that runs in a fresh checkout: installs, builds, then hands over to a TypeScript script.
 *
 *   node scripts/bootstrap.mjs SCRIPT [ARGUMENT…]
 *
 * Plain JavaScript without dependencies, because nothing is installed yet. Both steps cost next to nothing when there is
 * nothing to do, so `npm run cluster` and `npm test` can always go through here. Progress goes to standard error:
 * standard output belongs to the script.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const lockfile = join(root, 'package-lock.json')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.rollcall-installed')
const turnFile = join(root, '.data', 'bootstrap.pid')
const turnWaitMs = 600_000

const say = (text) => process.stderr.write(`${text}\n`)

/** A reason to stop that the reader can act on; printed without a stack. */
class Refusal extends Error {
  constructor(text, exitCode = 1) {
    super(text)
    this.exitCode = exitCode
  }
}

/** The one source of the lowest version is `engines.node` of package.json, written as `>=MAJOR.MINOR`. */
function checkNode() {
  const [, major, minor] = /^>=(\d+)\.(\d+)/.exec(manifest.engines.node).map(Number)
  const [hereMajor, hereMinor] = process.versions.node.split('.').map(Number)
  if (hereMajor > major || (hereMajor === major && hereMinor >= minor)) return
  throw new Refusal(`rollcall needs Node ${major}.${minor} or newer, and this is Node ${process.versions.node}.`)
}

/**
 * Runs one program to its end and answers with its exit code (128 + signal number when a signal ended it, as shells do).
 * SIGTERM and SIGHUP are passed on. So is SIGINT, except at a terminal: there Ctrl-C reaches the whole process group by
 * itself, and passing it on would make the script see it twice, which many programs read as "stop at once".
 *
 * The npm script `cluster` begins with `exec`: a shell between npm and this process would end by the Ctrl-C itself, and npm
 * would report a failure where everything was stopped in order.
 */
function run(command, args, options) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, ...options })
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    const release = () => {
      for (const signal of signals) process.off(signal, forward)
    }
    child.once('error', (error) => {
      release()
      fail(new Refusal(`${command} could not be started: ${error.message}`))
    })
    child.once('close', (code, signal) => {
      release()
      done(code ?? 128 + constants.signals[signal])
    })
  })
}

/** What an installation depends on: the lockfile and every package.json. Contents, because a checkout touches times. */
function installStamp() {
  const hash = createHash('sha256')
  const packages = readdirSync(join(root, 'packages')).sort()
  const files = [
    lockfile,
    join(root, 'package.json'),
    ...packages.map((name) => join(root, 'packages', name, 'package.json')),
  ]
  for (const file of files.filter(existsSync))
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file))
  return hash.digest('hex')
}

/** npm puts the path of its own program in the environment of what it runs; elsewhere `npm` is looked up on the PATH. */
function npm(args) {
  const quiet = [...args, '--no-audit', '--no-fund', '--loglevel=error']
  const options = { stdio: ['ignore', 2, 2] }
  const self = process.env.npm_execpath
  if (self?.endsWith('npm-cli.js')) return run(process.execPath, [self, ...quiet], options)
  return run('npm', quiet, { ...options, shell: process.platform === 'win32' })
}

/**
 * Installs what the lockfile says when that has changed since the last time. `npm ci` would refuse the smallest difference
 * between lockfile and package.json; a test compares them instead, and `--no-save` leaves both as they are.
 */
async function install() {
  const stamp = installStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('installing …')
  const code = await npm(['install', '--no-save'])
  if (code !== 0) throw new Refusal('npm could not install the dependencies; its own words are above.', code)
  writeFileSync(stampFile, stamp)
}

/** Builds what runs, not the tests: a half-written test must not keep the cluster from starting. */
async function build() {
  const projects = readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => join('packages', name))
    .filter((path) => existsSync(join(root, path, 'tsconfig.json')))
  const said = setTimeout(() => say('building …'), 1_500)
  const compiler = join(modules, 'typescript', 'bin', 'tsc')
  const code = await run(process.execPath, [compiler, '-b', ...projects], { stdio: ['ignore', 2, 2] })
  clearTimeout(said)
  if (code !== 0) throw new Refusal('the build failed; the compiler says why above.', code)
}

/** The process that holds the turn, or undefined when its file is gone or its process has ended. */
function turnHolder() {
  let pid
  try {
    pid = Number(readFileSync(turnFile, 'utf8'))
    process.kill(pid, 0)
    return pid
  } catch (error) {
    if (error.code === 'EPERM') return pid
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}

/** Creates the turn file with our id in one step, so that no one ever reads it half written; false when it is taken. */
function takeTurn() {
  const mine = `${turnFile}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, turnFile)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(mine)
  }
}

/**
 * Two npm runs in one folder corrupt it, so installing and building take turns. A file with a process id is enough:
 * one left by a process that has died is removed.
 */
async function inTurn(work) {
  mkdirSync(dirname(turnFile), { recursive: true })
  const giveUpAt = Date.now() + turnWaitMs
  for (let told = false; !takeTurn(); ) {
    const holder = turnHolder()
    if (holder === undefined) {
      rmSync(turnFile, { force: true })
      continue
    }
    if (Date.now() > giveUpAt)
      throw new Refusal(`process ${holder} still holds ${turnFile}; delete it if no such run exists.`)
    if (!told) say(`waiting for another run (process ${holder}) to finish installing and building …`)
    told = true
    await delay(200)
  }
  try {
    await work()
  } finally {
    rmSync(turnFile, { force: true })
  }
}

async function main([script, ...args]) {
  checkNode()
  if (script === undefined) throw new Refusal('usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENT…]', 2)
  if (!existsSync(join(root, script))) throw new Refusal(`there is no script ${script} in ${root}.`, 2)
  await inTurn(async () => {
    await install()
    await build()
  })
  return run(process.execPath, ['--import', 'tsx', '--conditions=@rollcall/source', script, ...args], {
    stdio: 'inherit',
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  say(error.message)
  process.exitCode = error.exitCode
}
