import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentKey, type Range } from '@rollcall/core'
import { decodeSync, encodeSync } from '../src/sync-wire.ts'

const fingerprint = new Uint8Array(16)

/** Ranges that begin at these moments; undefined: at the beginning of all keys. */
const rangesFrom = (...lowers: (number | undefined)[]): Range[] =>
  lowers.map((wallMs) => ({
    lower: wallMs === undefined ? undefined : momentKey(wallMs),
    claim: { kind: 'fingerprint', fingerprint },
  }))

const isRead = (ranges: Range[]): boolean =>
  [
    decodeSync(encodeSync({ type: 'ranges', ranges })),
    decodeSync(encodeSync({ type: 'hello', members: [], ranges, verdict: undefined })),
  ].every(({ ok }) => ok)

test('S1: ranges go from the newest down, each before the one that it follows', () => {
  assert.ok(isRead(rangesFrom(undefined)))
  assert.ok(isRead(rangesFrom(30, 20, 10, undefined)))
  assert.ok(isRead(rangesFrom(30, 20)))
})

test('S1: ranges that lie over one another are not worked on: a peer could ask for the whole set a thousand times', () => {
  for (const lowers of [
    [20, 30],
    [20, 20],
    [30, 10, 20, undefined],
    [undefined, 10],
    [undefined, undefined],
  ]) {
    const { ok } = decodeSync(encodeSync({ type: 'ranges', ranges: rangesFrom(...lowers) }))
    assert.ok(!ok, String(lowers))
  }
})
