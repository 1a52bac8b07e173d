import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildFilter, createHasher, decodeFilter, FILTER_BYTES_MAX } from '@rollcall/search/bloom'
import fc from 'fast-check'

const hasher = await createHasher()
const bytes = buildFilter(hasher, ['weather'], 0.01).encode()

const changed = (at: number, value: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}
const problemOf = (input: Uint8Array, bytesMax = FILTER_BYTES_MAX) => {
  const decoded = decodeFilter(hasher, input, { bytesMax })
  return decoded.ok ? undefined : decoded.problem
}

test('F2: bytes that are no filter are refused with the reason', () => {
  assert.equal(problemOf(bytes), undefined)
  assert.equal(problemOf(bytes, bytes.length), undefined)
  assert.equal(problemOf(bytes, bytes.length - 1), 'too_large')
  assert.equal(problemOf(changed(0, 2)), 'unknown_version')
  assert.equal(problemOf(changed(1, 0)), 'malformed', 'no position a word')
  assert.equal(problemOf(changed(1, 33)), 'malformed', 'too many positions a word')
  assert.equal(problemOf(changed(2, 255)), 'malformed', 'more bits announced than sent')
  assert.equal(problemOf(changed(5, 0)), 'malformed', 'fewer bits announced than sent')
  assert.equal(problemOf(bytes.subarray(0, 14)), 'malformed')
  assert.equal(problemOf(new Uint8Array()), 'malformed')
})

test('F2: a filter is read from the middle of a larger buffer and does not keep it', () => {
  const buffer = new Uint8Array(bytes.length + 20)
  buffer.set(bytes, 7)
  const decoded = decodeFilter(hasher, buffer.subarray(7, 7 + bytes.length))
  buffer.fill(0)
  assert.ok(decoded.ok)
  assert.ok(decoded.filter.mayContain('weather'))
  assert.deepEqual(decoded.filter.encode(), bytes)
})

test('F2: no bytes make decoding throw', () => {
  const damaged = fc
    .tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }))
    .map(([at, value]) => changed(at, value))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), damaged), (input) => {
      const decoded = decodeFilter(hasher, input)
      if (decoded.ok) decoded.filter.mayContain('weather')
    }),
    { numRuns: 1000 },
  )
})
