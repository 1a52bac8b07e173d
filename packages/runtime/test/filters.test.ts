import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '@rollcall/core'
import { nodeIdOf } from '@rollcall/protocol'
import { CountingMetrics, ManualClock, MemoryMeshNetwork, SeededRandom } from '@rollcall/testkit'
import { Filters } from '../src/filters.ts'

test('F2: a filter that cannot be rebuilt is an error, but not of a node that stops', async () => {
  const clock = new ManualClock()
  const network = new MemoryMeshNetwork({ clock, random: new SeededRandom(1) })
  const errors: string[] = []
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (message) => errors.push(message),
    child: () => log,
  }
  const filters = await Filters.create({
    mesh: network.createMesh({
      nodeId: nodeIdOf(new Uint8Array(32).fill(1)),
      join: [],
      metrics: new CountingMetrics(),
    }),
    clock,
    log,
    metrics: new CountingMetrics(),
    builder: { rebuild: () => Promise.reject(new Error('the builder is gone')) },
    falsePositiveRate: 0.01,
    words: () => [],
  })
  await filters.rebuild()
  assert.deepEqual(errors, ['the filter could not be rebuilt; the old one stays'])
  filters.stop()
  await filters.rebuild()
  assert.equal(errors.length, 1)
})
