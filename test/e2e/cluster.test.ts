/** `npm run cluster` as people run it, on ports of its own. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { busyPorts } from '../../scripts/cluster/ports.ts'
import { repoRoot } from '../../scripts/repo.ts'
import { until } from './support/wait.ts'

const SHOWN_MS = 60_000

const data = mkdtempSync(join(tmpdir(), 'rollcall-cluster-e2e-'))
const started: ChildProcess[] = []
after(() => {
  for (const child of started) child.kill('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

/** The first of six free ports in a row, three for the API and three for the mesh. */
const freePorts = async (): Promise<number> => {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 30_000)
    const six = Array.from({ length: 6 }, (_, index) => first + index)
    if ((await busyPorts(six)).length === 0) return first
  }
}

const startCluster = (port: number, ...more: string[]) => {
  const flags = ['--import', 'tsx', '--conditions=@rollcall/source', 'scripts/cluster.ts']
  const options = ['--fast', '--no-open', '--data', data, '--http-port', `${port}`, '--mesh-port', `${port + 3}`]
  const child = spawn(process.execPath, [...flags, ...options, ...more], { cwd: repoRoot })
  started.push(child)
  const seen = { text: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.text += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.text += text))
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code)
  /** Waits until a pattern is on the screen. A cluster that has ended shows nothing more. */
  const shown = async (pattern: RegExp): Promise<void> => {
    const gone = ended.then(() => {
      if (!pattern.test(seen.text)) throw new Error(`${pattern} was never shown; what was:\n${seen.text}`)
    })
    const found = until(SHOWN_MS, String(pattern), async () => pattern.test(seen.text))
    await Promise.race([found, gone])
  }
  return { child, seen, ended, shown }
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

const pidsIn = (text: string): number[] => [...text.matchAll(/\(process (\d+)\)/g)].map(([, pid]) => Number(pid))

test('three agents are active on all three nodes, and Ctrl-C leaves nothing behind', async () => {
  const port = await freePorts()
  const { child, seen, ended, shown } = startCluster(port)
  await shown(/^all 3 agents are active on all 3 nodes$/m)
  await shown(/^all nodes agree$/m)
  for (let node = 0; node < 3; node++) {
    const answer = await fetch(`http://127.0.0.1:${port + node}/v1/search?status=active`)
    const { total_found }: { total_found: number } = JSON.parse(await answer.text())
    assert.equal(total_found, 3)
  }
  const pids = pidsIn(seen.text)
  assert.equal(pids.length, 6)
  child.kill('SIGINT')
  assert.equal(await ended, 0)
  assert.deepEqual(pids.filter(isRunning), [])
  assert.match(seen.text, /stopping …\n$/)
})

test('the next start finds the same agents; a node that dies is told, and is the exit code in the end', async () => {
  const { child, seen, ended, shown } = startCluster(await freePorts())
  await shown(/^all 3 agents are active on all 3 nodes$/m)
  const [second] = pidsIn(seen.text).slice(1)
  assert.ok(second !== undefined)
  process.kill(second, 'SIGKILL')
  await shown(/^node-2 ended by itself \(signal SIGKILL\)/m)
  await shown(/^To start it again: npx rollcall node start --name node-2 /m)
  await shown(/^1 of 3 nodes do not answer$/m)
  child.kill('SIGTERM')
  assert.equal(await ended, 1)
  assert.equal(seen.text.match(/^agent-\d +zns:\w+… {2}active {2}active {2}active$/gm)?.length, 3)
})

test('a busy port is named, and --fresh removes what earlier runs left and nothing else', async () => {
  const port = await freePorts()
  const only = startCluster(port, '--nodes', '1', '--agents', '0', '--fresh')
  writeFileSync(join(data, 'mine.txt'), 'kept')
  mkdirSync(join(data, 'node-9'), { recursive: true })
  await only.shown(/^all nodes agree$/m)
  const other = startCluster(port, '--nodes', '1')
  assert.equal(await other.ended, 1)
  assert.match(other.seen.text, new RegExp(`^port ${port} and ${port + 3} are in use, perhaps by another cluster\\.`))
  only.child.kill('SIGINT')
  assert.equal(await only.ended, 0)
  const again = startCluster(port, '--nodes', '1', '--agents', '0', '--fresh')
  await again.shown(/^all nodes agree$/m)
  again.child.kill('SIGINT')
  assert.equal(await again.ended, 0)
  assert.deepEqual([existsSync(join(data, 'mine.txt')), existsSync(join(data, 'node-9'))], [true, false])
})
