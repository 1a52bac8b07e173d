/** The way from a fresh checkout to a running script, on a small checkout of its own with a stand-in for npm. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { repoRoot } from '../scripts/repo.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** npm and the compiler write down that they were called; `tsx` is an empty module, so scripts are plain JavaScript here. */
const fakeNpm = `
  import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
  appendFileSync('calls', 'npm ' + process.argv[2] + '\\n')
  console.log('npm warn something old')
  mkdirSync('node_modules/typescript/bin', { recursive: true })
  mkdirSync('node_modules/tsx', { recursive: true })
  writeFileSync('node_modules/tsx/package.json', '{"main":"index.js"}')
  writeFileSync('node_modules/tsx/index.js', '')
  writeFileSync('node_modules/typescript/bin/tsc',
    "require('node:fs').appendFileSync('calls', 'tsc ' + process.argv.slice(2).join(' ') + '\\\\n')")
`

function makeCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-bootstrap-'))
  folders.push(folder)
  mkdirSync(join(folder, 'scripts'))
  mkdirSync(join(folder, 'packages', 'core'), { recursive: true })
  mkdirSync(join(folder, 'fake'), { recursive: true })
  copyFileSync(join(repoRoot, 'scripts/bootstrap.mjs'), join(folder, 'scripts/bootstrap.mjs'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module","engines":{"node":">=20.19"}}')
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  writeFileSync(join(folder, 'packages/core/package.json'), '{}')
  writeFileSync(join(folder, 'packages/core/tsconfig.json'), '{}')
  writeFileSync(join(folder, 'fake/package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'fake/npm-cli.js'), fakeNpm)
  writeFileSync(
    join(folder, 'scripts/hello.mjs'),
    "console.log('hello', ...process.argv.slice(2)); process.exitCode = 7",
  )
  return folder
}

type Ended = { code: number | null; out: string; err: string }

function start(folder: string, args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['scripts/bootstrap.mjs', ...args], {
    cwd: folder,
    env: { ...process.env, npm_execpath: join(folder, 'fake/npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  child.stderr.on('data', (data) => {
    err += data
  })
  return { child, ended: once(child, 'close').then(([code]) => ({ code, out, err })) }
}

/** The calls of npm and the compiler since the last look. */
function takeCalls(folder: string): string[] {
  const file = join(folder, 'calls')
  if (!existsSync(file)) return []
  const calls = readFileSync(file, 'utf8').trim().split('\n')
  rmSync(file)
  return calls
}

test('a fresh checkout is installed and built; the script gets its arguments and its exit code is kept', async () => {
  const folder = makeCheckout()
  const first = await start(folder, ['scripts/hello.mjs', '--nodes', '3']).ended
  assert.deepEqual({ code: first.code, out: first.out }, { code: 7, out: 'hello --nodes 3\n' })
  assert.match(first.err, /installing …/)
  assert.deepEqual(takeCalls(folder), ['npm install', 'tsc -b packages/core'])

  await start(folder, ['scripts/hello.mjs']).ended
  assert.deepEqual(takeCalls(folder), ['tsc -b packages/core'], 'nothing changed, so nothing is installed')

  writeFileSync(join(folder, 'package-lock.json'), '{"changed":true}')
  await start(folder, ['scripts/hello.mjs']).ended
  assert.deepEqual(takeCalls(folder), ['npm install', 'tsc -b packages/core'], 'a changed lockfile is installed')
})

test('an installation or a build that fails ends the run with a sentence', async () => {
  const folder = makeCheckout()
  writeFileSync(join(folder, 'fake/npm-cli.js'), 'process.exitCode = 3')
  const noInstall = await start(folder, ['scripts/hello.mjs']).ended
  assert.deepEqual({ code: noInstall.code, out: noInstall.out }, { code: 3, out: '' })
  assert.match(noInstall.err, /npm could not install the dependencies/)

  writeFileSync(
    join(folder, 'fake/npm-cli.js'),
    fakeNpm.replace("require('node:fs')", "process.exitCode = 2; require('node:fs')"),
  )
  const noBuild = await start(folder, ['scripts/hello.mjs']).ended
  assert.deepEqual({ code: noBuild.code, out: noBuild.out }, { code: 2, out: '' })
  assert.match(noBuild.err, /the build failed/)
})

test('an old Node, a missing script and no script are refused with a sentence', async () => {
  const folder = makeCheckout()
  assert.match((await start(folder, []).ended).err, /^usage: /)
  assert.match((await start(folder, ['scripts/none.ts']).ended).err, /there is no script scripts\/none\.ts/)
  writeFileSync(join(folder, 'package.json'), '{"engines":{"node":">=999.1"}}')
  const old = await start(folder, ['scripts/hello.mjs']).ended
  assert.equal(old.code, 1)
  assert.match(old.err, /^rollcall needs Node 999\.1 or newer, and this is Node \d/)
  assert.deepEqual(takeCalls(folder), [])
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} reaches the script, which ends in its own time`, async () => {
    const folder = makeCheckout()
    const script = `
      process.on('${signal}', () => { console.log('stopped'); process.exitCode = 5; clearInterval(alive) })
      const alive = setInterval(() => {}, 1000)
      console.log('ready')`
    writeFileSync(join(folder, 'scripts/wait.mjs'), script)
    const { child, ended } = start(folder, ['scripts/wait.mjs'])
    child.stdout?.once('data', () => child.kill(signal))
    const { code, out } = await ended
    assert.deepEqual({ code, out }, { code: 5, out: 'ready\nstopped\n' })
  })
}

test('two runs at once install once, and a turn left by a dead run does not block', async () => {
  const folder = makeCheckout()
  mkdirSync(join(folder, '.data'))
  const dead = spawn(process.execPath, ['--version'])
  await once(dead, 'close')
  writeFileSync(join(folder, '.data/bootstrap.pid'), String(dead.pid))
  const [a, b] = [start(folder, ['scripts/hello.mjs', 'a']), start(folder, ['scripts/hello.mjs', 'b'])]
  assert.deepEqual([(await a.ended).out, (await b.ended).out], ['hello a\n', 'hello b\n'])
  assert.deepEqual(takeCalls(folder).sort(), ['npm install', 'tsc -b packages/core', 'tsc -b packages/core'])
})
