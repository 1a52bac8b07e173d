import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { NodeOptions } from '@rollcall/node'
import { newFolder, optionsIn, removeFolders, until } from './node-kit.ts'

const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  removeFolders()
})

/** A node as a process, and what it writes. */
const run = (options: NodeOptions, environment: NodeJS.ProcessEnv = {}) => {
  const entry = fileURLToPath(new URL('./child-run.ts', import.meta.url))
  const flags = ['--import', 'tsx', '--conditions=@rollcall/source']
  const child = spawn(process.execPath, [...flags, entry, JSON.stringify(options)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const written = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.err += text))
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => ({ code, signal }))
  return { child, written, ended }
}

const started = (written: { out: string }): Promise<string> =>
  until('the line that says it is up', () => /tested is up: API (http:\S+), mesh \S+/.exec(written.out)?.[1])

describe('a node as a process', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} stops it cleanly, with exit code 0`, async () => {
      const { child, written, ended } = run({ ...optionsIn(newFolder()), set: ['log.level=info'] })
      const url = await started(written)
      assert.equal((await fetch(`${url}/health`)).status, 200)
      child.kill(signal)
      assert.deepEqual(await ended, { code: 0, signal: null })
      assert.match(written.out, new RegExp(`"msg":"${signal}: stopping; once more to stop at once"`))
      assert.equal(written.err, '')
    })
  }

  test('a second signal ends it at once', async () => {
    const { child, written, ended } = run({ ...optionsIn(newFolder()), set: ['log.level=info'] })
    await started(written)
    child.kill('SIGTERM')
    child.kill('SIGINT')
    const { code } = await ended
    assert.ok(code === 130 || code === 143 || code === 0, `exit code ${code}`)
  })

  test('a configuration that does not stand: a sentence for each problem, exit code 2', async () => {
    const environment = { ROLLCALL_HEARTBEAT_INTERVAL_SECONDS: 'soon' }
    const { written, ended } = run({ ...optionsIn(newFolder(), 'node.mood=good'), http: 'x' }, environment)
    assert.deepEqual(await ended, { code: 2, signal: null })
    const lines = written.err.trim().split('\n')
    assert.equal(lines.length, 3)
    assert.match(lines[0] ?? '', /^node\.mood \(flag --set\) is not a setting; did you mean node\.mode\?$/)
  })

  test('a start that fails: one sentence, exit code 1', async () => {
    const { written, ended } = run(optionsIn('/dev/null/x'))
    assert.deepEqual(await ended, { code: 1, signal: null })
    assert.match(written.err, /^the data directory \/dev\/null\/x cannot be used: ENOTDIR[^\n]*\n$/)
  })
})
