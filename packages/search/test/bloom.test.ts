import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildFilter, createHasher, decodeFilter, type Filter } from '@rollcall/search/bloom'
import fc from 'fast-check'

const hasher = await createHasher()

/** Bits of `weather` in a filter for 1 024 words at 1 %. */
const GOLDEN = [127, 509, 3524, 3915, 6547, 6923, 7326]

function* numbered(prefix: string, count: number): Generator<string> {
  for (let i = 0; i < count; i += 1) yield `${prefix}${i.toString(36)}`
}

const falsePositives = (filter: Filter, count: number): number => {
  let positives = 0
  for (const word of numbered('absent-', count)) if (filter.mayContain(word)) positives += 1
  return positives / count
}

const assertNoneMissing = (filter: Filter, words: Iterable<string>): void => {
  let missing = 0
  for (const word of words) if (!filter.mayContain(word)) missing += 1
  assert.equal(missing, 0)
}

test('F2: no false negative among 500 000 words, at most 1.2 % false positives when the head room is used up', () => {
  const filter = buildFilter(hasher, numbered('word-', 500_000), 0.01)
  assert.equal(filter.wordCount, 500_000)
  assertNoneMissing(filter, numbered('word-', 500_000))
  assert.ok(falsePositives(filter, 200_000) <= 0.012)

  let added = 0
  for (const word of numbered('later-', 200_000)) {
    if (filter.wordCount === filter.capacity) break
    filter.add(word)
    added += 1
  }
  assert.ok(added >= 125_000, 'a quarter more fits')
  assertNoneMissing(filter, numbered('word-', 500_000))
  assertNoneMissing(filter, numbered('later-', added))
  assert.ok(falsePositives(filter, 200_000) <= 0.012)
  assert.ok(Math.abs(filter.fillRatio() - 0.5) < 0.03)
})

test('F2: hashes above 2^31, where signed arithmetic would go wrong, lose no word', () => {
  const words = [...numbered('', 20_000), '', 'é', '天気', '\ud800', 'x'.repeat(5000), 'zns:00ff']
  for (const rate of [0.5, 0.01, 0.000001]) assertNoneMissing(buildFilter(hasher, words, rate), words)
})

test('F2: whatever the words, each is found, also after a journey as bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.string()), (built, added) => {
      const filter = buildFilter(hasher, built, 0.01)
      for (const word of added) filter.add(word)
      const decoded = decodeFilter(hasher, filter.encode())
      assert.ok(decoded.ok)
      assertNoneMissing(filter, [...built, ...added])
      assertNoneMissing(decoded.filter, [...built, ...added])
      assert.equal(decoded.filter.wordCount, filter.wordCount)
      assert.equal(decoded.filter.capacity, filter.capacity)
      assert.equal(decoded.filter.fillRatio(), filter.fillRatio())
    }),
  )
})

test('F2: two hashers, as in two workers or on two nodes, agree', async () => {
  const other = await createHasher()
  const bytes = buildFilter(hasher, ['weather', 'finance'], 0.01).encode()
  assert.deepEqual(buildFilter(other, ['finance', 'weather', 'weather'], 0.01).encode(), bytes)
})

test('F2: the positions of a word are part of the wire version', () => {
  const filter = buildFilter(hasher, ['weather'], 0.01)
  const bits = [...filter.encode().subarray(14)].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >>> bit) & 1).map((bit) => at * 8 + bit),
  )
  assert.deepEqual(bits, GOLDEN)
})

test('F2: a word already held is not counted again', () => {
  const filter = buildFilter(hasher, [], 0.01)
  assert.equal(filter.mayContain('weather'), false)
  assert.equal(filter.add('weather'), true)
  assert.equal(filter.add('weather'), false)
  assert.equal(filter.wordCount, 1)
  assert.ok(filter.capacity >= 1000)
})

test('F2: a rate that is no rate is a programmer’s error', () => {
  for (const rate of [0, 1, -1, Number.NaN]) assert.throws(() => buildFilter(hasher, [], rate), RangeError)
})
