/** A process of many histories ends with whoever asked for them. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Task } from '../scripts/sim/worker.ts'

const worker = fileURLToPath(new URL('../scripts/sim/worker.ts', import.meta.url))

test('a worker whose asker is gone ends without a word, also in the middle of a history', async () => {
  const child = fork(worker, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  let said = ''
  for (const stream of streams) stream.on('data', (chunk) => (said += String(chunk)))
  await once(child, 'message')
  const task: Task = { seed: '1', plan: { nodes: 2, agents: 3, profile: 'fast', stormMs: 10_000 } }
  child.send(task)
  child.disconnect()
  const [ended] = await Promise.all([once(child, 'exit'), ...streams.map((stream) => once(stream, 'end'))])
  assert.deepEqual([ended, said], [[0, null], ''])
})
