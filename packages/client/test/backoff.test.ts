import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '@rollcall/testkit'
import { backoffCeilingMs, backoffMs } from '../src/backoff.ts'

test('the ceiling of the wait doubles from 1 s to 60 s and stays there', () => {
  const table = [1, 2, 4, 8, 16, 32, 60, 60, 60]
  assert.deepEqual(
    table.map((_, attempt) => backoffCeilingMs(attempt) / 1000),
    table,
  )
  for (const attempt of [100, 5_000, 2 ** 31, Number.MAX_SAFE_INTEGER]) assert.equal(backoffCeilingMs(attempt), 60_000)
})

test('full jitter: the wait is the share of the ceiling that chance names', () => {
  const table: readonly (readonly [attempt: number, random: number, waitMs: number])[] = [
    [0, 0, 0],
    [0, 0.5, 500],
    [1, 0.25, 500],
    [3, 0.75, 6_000],
    [6, 0.5, 30_000],
    [40, 0.999, 59_940],
  ]
  for (const [attempt, random, waitMs] of table) assert.equal(backoffMs(attempt, random), waitMs)
})

/** Times, in seconds after the return of a node, at which clients that lost it come back. */
function returns(clients: number, downMs: number): readonly number[] {
  const random = new SeededRandom(`down ${downMs}`)
  return Array.from({ length: clients }, () => {
    let atMs = 0
    for (let attempt = 0; atMs < downMs; attempt++) atMs += backoffMs(attempt, random.next())
    return (atMs - downMs) / 1000
  })
}

test('Offline forever: after an outage no second sees more than a tenth of the clients, and all are back within one longest wait', () => {
  for (const downMs of [20_000, 60_000, 3_600_000, 86_400_000]) {
    const times = returns(1_000, downMs)
    const perSecond = new Map<number, number>()
    for (const time of times) perSecond.set(Math.floor(time), (perSecond.get(Math.floor(time)) ?? 0) + 1)
    assert.ok(Math.max(...perSecond.values()) <= 100, `${Math.max(...perSecond.values())} in a second of ${downMs}`)
    assert.ok(Math.max(...times) <= 60)
  }
})
