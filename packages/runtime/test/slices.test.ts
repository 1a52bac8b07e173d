import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@rollcall/core'
import { ManualClock } from '@rollcall/testkit'
import { inSlices } from '../src/slices.ts'

test('What is done for very many items lets the event loop come round between slices of it', async () => {
  const manual = new ManualClock()
  const items = Array.from({ length: 1_200 }, (_, number) => number)
  const done: number[] = []
  const doneAtTurns: number[] = []
  const clock: Clock = {
    wallMs: () => manual.wallMs(),
    monotonicMs: () => manual.monotonicMs(),
    schedule(ms, run) {
      doneAtTurns.push(done.length)
      return manual.schedule(ms, run)
    },
  }
  const all = inSlices(clock, items, (item) => done.push(item))
  assert.equal(done.length, 500)
  await manual.advanceAsync(1)
  await all
  assert.deepEqual(doneAtTurns, [500, 1_000])
  assert.deepEqual(done, items)
})
