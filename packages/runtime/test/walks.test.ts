import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryInput } from '@rollcall/core'
import { ManualClock, SeededRandom } from '@rollcall/testkit'
import { Timers } from '../src/timers.ts'
import { Walks } from '../src/walks.ts'

/** A loop that carries out nothing until it is told to. */
class HeldLoop {
  readonly submitted: RegistryInput[] = []
  #done: (() => void)[] = []

  submit(event: RegistryInput): boolean {
    this.submitted.push(event)
    return true
  }

  settled(): Promise<void> {
    return new Promise((resolve) => this.#done.push(resolve))
  }

  carryOut(): void {
    for (const resolve of this.#done.splice(0)) resolve()
  }
}

const slices: readonly RegistryInput[] = [1, 2, 3].map((limit) => ({ type: 'flush_beats', limit }))

test('L3, L5: a slow disk does not make the slices of a walk share a turn', async () => {
  const clock = new ManualClock()
  const loop = new HeldLoop()
  const walks = new Walks(loop, new Timers(clock, new SeededRandom(1)))
  walks.start('flush', slices)
  await clock.advanceAsync(60_000)
  assert.deepEqual(loop.submitted, slices.slice(0, 1))
  loop.carryOut()
  // All promises are settled, and no timer has run.
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(loop.submitted.length, 1, 'the event loop comes round first')
  await clock.advanceAsync(1)
  assert.deepEqual(loop.submitted, slices.slice(0, 2))
})

test('L3, L5: a walk that is due while it is under way is not begun again, and the next one is', async () => {
  const clock = new ManualClock()
  const loop = new HeldLoop()
  const walks = new Walks(loop, new Timers(clock, new SeededRandom(1)))
  walks.start('sweep', slices)
  walks.start('sweep', slices)
  for (const _ of slices) {
    loop.carryOut()
    await clock.advanceAsync(1)
  }
  assert.deepEqual(loop.submitted, slices)
  walks.start('sweep', slices)
  assert.equal(loop.submitted.length, 4)
})
