import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PostingList, payloadOf, slotOf } from '../src/posting-list.ts'
import { TermTable } from '../src/term-table.ts'
import { WideMap } from '../src/wide-map.ts'

const slot = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 65_535))
const change = fc.record({ remove: fc.boolean(), slot, payload: fc.constantFrom(0, 1, 65_535) })

const postingsOf = (list: PostingList | undefined): [number, number][] =>
  list === undefined ? [] : [...list.entries.subarray(0, list.length)].map((it) => [slotOf(it), payloadOf(it)])

test('F1: postings are the slots put and not removed, in order, with the last payload', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const table = new TermTable()
      const list = new PostingList()
      const expected = new Map<number, number>()
      for (const { remove, slot: at, payload } of changes) {
        if (remove) {
          table.delete('word', at)
          list.delete(at)
          expected.delete(at)
        } else {
          table.set('word', at, payload)
          list.set(at, payload)
          expected.set(at, payload)
        }
        const sorted = [...expected].sort(([a], [b]) => a - b)
        assert.deepEqual(postingsOf(list), sorted)
        assert.deepEqual(postingsOf(table.list('word')), sorted)
        assert.equal(table.count('word'), sorted.length)
      }
    }),
    { numRuns: 300 },
  )
})

test('F1: a list gives memory back as it shrinks', () => {
  const list = new PostingList()
  for (let at = 0; at < 10_000; at += 1) list.set(at, 0)
  for (let at = 0; at < 9_990; at += 1) list.delete(at)
  assert.ok(list.entries.length < 100)
  assert.equal(list.length, 10)
})

test('F1: a wide map is a map', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.string({ maxLength: 3 }), fc.nat())), (changes) => {
      const wide = new WideMap<string, number>()
      const map = new Map<string, number>()
      for (const [remove, key, value] of changes) {
        if (remove) {
          wide.delete(key)
          map.delete(key)
        } else {
          wide.set(key, value)
          map.set(key, value)
        }
        assert.equal(wide.size, map.size)
        for (const known of [key, ...map.keys()]) assert.equal(wide.get(known), map.get(known))
      }
    }),
  )
})
