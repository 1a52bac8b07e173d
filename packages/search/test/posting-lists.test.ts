import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CellPool } from '../src/cell-pool.ts'
import { PostingLists, payloadOf, slotOf } from '../src/posting-lists.ts'
import { TermTable } from '../src/term-table.ts'
import { WideMap } from '../src/wide-map.ts'

const slot = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 65_535))
const change = fc.record({ remove: fc.boolean(), slot, payload: fc.constantFrom(0, 1, 65_535) })

const LISTS = 3
const list = fc.integer({ min: 0, max: LISTS - 1 })

const read = (postings: Uint32Array | undefined): [number, number][] =>
  Array.from(postings ?? [], (it) => [slotOf(it), payloadOf(it)])

test('F1: postings are the slots put and not removed, in order, with the last payload', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(list, change), { maxLength: 300 }), (changes) => {
      const table = new TermTable()
      const lists = new PostingLists()
      const expected = Array.from({ length: LISTS }, () => new Map<number, number>())
      for (const [number, { remove, slot: at, payload }] of changes) {
        const term = `word ${number}`
        if (remove) {
          table.delete(term, at)
          lists.delete(number, at)
          expected[number]?.delete(at)
        } else {
          table.set(table.numberOf(term), at, payload)
          lists.set(number, at, payload)
          expected[number]?.set(at, payload)
        }
        for (const [other, slots] of expected.entries()) {
          const sorted = [...slots].sort(([a], [b]) => a - b)
          assert.deepEqual(read(lists.postings(other)), sorted)
          assert.deepEqual(read(table.postings(`word ${other}`)), sorted)
          assert.equal(table.count(`word ${other}`), sorted.length)
          assert.equal(table.has(`word ${other}`, at), slots.has(at))
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('F1: a list grows to every slot of a shard, and shrinks to none beside others', () => {
  const lists = new PostingLists()
  for (let at = 0; at < 65_536; at += 1) {
    lists.set(0, at, 0)
    if (at % 1_000 === 0) lists.set(1, at, 1)
  }
  assert.deepEqual(read(lists.postings(0).subarray(-1)), [[65_535, 0]])
  for (let at = 0; at < 65_535; at += 1) {
    lists.delete(0, at)
    // Of a short rest, the array is not that of its greatest length.
    if (at === 65_000) assert.ok(lists.postings(0).buffer.byteLength <= 8_192)
  }
  assert.deepEqual(read(lists.postings(0)), [[65_535, 0]])
  lists.delete(0, 65_535)
  assert.equal(lists.length(0), 0)
  assert.deepEqual(
    read(lists.postings(1)),
    Array.from({ length: 66 }, (_, i) => [i * 1_000, 1]),
  )
})

test('F1: cells are given out again, and no two have one', () => {
  const pool = new CellPool(8)
  const cells = Array.from({ length: 1_000 }, () => pool.take())
  for (const cell of cells.slice(0, 500)) pool.release(cell)
  const again = [...cells.slice(500), ...Array.from({ length: 500 }, () => pool.take())]
  assert.deepEqual(new Set(again), new Set(cells))
  for (const cell of cells) pool.chunk(cell).fill(cell, pool.start(cell), pool.start(cell) + 8)
  for (const cell of cells) assert.equal(pool.chunk(cell)[pool.start(cell) + 7], cell)
})

test('F1: a cell with an array of its own gives it back', () => {
  const pool = new CellPool(2_048)
  const [first, second] = [pool.take(), pool.take()]
  pool.release(first)
  assert.throws(() => pool.chunk(first), RangeError)
  assert.equal(pool.chunk(second).length, 2_048)
})

test('F1: the number of a term that no document holds is given out again', () => {
  const terms = new TermTable()
  terms.set(terms.numberOf('kept'), 1, 0)
  const number = terms.numberOf('gone')
  terms.set(number, 1, 0)
  terms.delete('gone', 1)
  assert.equal(terms.numberOf('new'), number)
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
