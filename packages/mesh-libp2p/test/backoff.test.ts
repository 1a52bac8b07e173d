import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { backoffMs, longestBackoffMs } from '../src/backoff.ts'

/** Failures in a row, and the delays at the least and the greatest chance. */
const TABLE: readonly (readonly [failures: number, shortestMs: number, longestMs: number])[] = [
  [1, 500, 1_000],
  [2, 500, 1_000],
  [3, 500, 1_000],
  [4, 500, 1_000],
  [5, 1_000, 2_000],
  [6, 2_000, 4_000],
  [7, 4_000, 8_000],
  [8, 8_000, 16_000],
  [9, 16_000, 32_000],
  [10, 30_000, 60_000],
  [11, 30_000, 60_000],
  [1_000_000, 30_000, 60_000],
  [Number.POSITIVE_INFINITY, 30_000, 60_000],
]

describe('the delay between two dials (G5)', () => {
  for (const [failures, shortestMs, longestMs] of TABLE) {
    it(`after ${failures} failures is ${shortestMs} to ${longestMs} ms`, () => {
      assert.equal(backoffMs(failures, 0), shortestMs)
      assert.equal(backoffMs(failures, 1 - Number.EPSILON), longestMs * (1 - Number.EPSILON / 2))
      assert.equal(backoffMs(failures, 0.5), (shortestMs + longestMs) / 2)
    })
  }
})

describe('the longest delay between two dials (G5)', () => {
  const table: readonly (readonly [unreachable: number, longestMs: number])[] = [
    [1, 5_000],
    [10, 5_000],
    [20, 10_000],
    [120, 60_000],
    [1_000, 60_000],
  ]
  for (const [unreachable, longestMs] of table) {
    it(`is ${longestMs} ms where ${unreachable} cannot be reached`, () => {
      assert.equal(longestBackoffMs(unreachable), longestMs)
      assert.equal(backoffMs(1_000, 0, longestMs), longestMs / 2)
    })
  }
})
