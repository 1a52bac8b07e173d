import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@rollcall/testkit'
import { EventLoopTurns } from '../src/event-loop-turns.ts'

/** Lets timers run at their own moments, as an event loop that comes round once a millisecond. */
class SlowRounds extends ManualClock {
  override schedule(delayMs: number, fn: () => void): () => void {
    assert.equal(delayMs, 0, 'a turn comes as soon as the event loop does')
    return super.schedule(1, fn)
  }
}

test('S2: pieces of work that wait at the same time run one each time the event loop comes round, in their order', async () => {
  const clock = new SlowRounds()
  const turns = new EventLoopTurns(clock)
  const done: string[] = []
  const work = async (name: string, pieces: number): Promise<void> => {
    for (let piece = 1; piece <= pieces; piece++) {
      await turns.next()
      done.push(`${name}${piece} at ${clock.monotonicMs()}`)
    }
  }
  const all = Promise.all([work('a', 3), work('b', 1), work('c', 2)])
  await clock.advanceAsync(10)
  await all
  assert.deepEqual(done, ['a1 at 1', 'b1 at 2', 'c1 at 3', 'a2 at 4', 'c2 at 5', 'a3 at 6'])
})

test('S2: after nobody waited, the next to wait is let on again', async () => {
  const clock = new SlowRounds()
  const turns = new EventLoopTurns(clock)
  for (const atMs of [5, 10]) {
    const turn = turns.next()
    await clock.advanceAsync(5)
    await turn
    assert.equal(clock.monotonicMs(), atMs)
    assert.equal(clock.pending, 0)
  }
})
