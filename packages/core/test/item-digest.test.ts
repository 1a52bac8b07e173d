import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { ItemSet, itemOf, type OrderedItem } from '@rollcall/core'
import { type Entry, encode, encodeStamp } from '@rollcall/protocol'
import fc from 'fast-check'
import {
  graveEntry,
  presenceOf,
  recordEntry,
  recordOf,
  stampOf,
  tombstoneEntry,
  tombstoneOf,
} from './support/entries.ts'
import { nodeKeys, ownerOf } from './support/keys.ts'
import { referenceDigest } from './support/reference-digest.ts'

const nodes = nodeKeys(2).map(({ id }) => id)
const [n0, n1] = nodes
assert.ok(n0 && n1)
const owner = ownerOf('item')

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())

const birth = stampOf(5, n0)
const record = recordOf(owner, { birth })
const updated = recordOf(owner, { birth, stamp: stampOf(9, n0), name: 'another' })
const early = presenceOf(owner, { birth, beatMs: 1_000, stamp: stampOf(7, n1) })
const late = presenceOf(owner, { birth, beatMs: 2_000, stamp: stampOf(11, n1) })

describe('the item of an entry', () => {
  test('S1a: hashes domain, key, kind, birth and both parts of a record', () => {
    const item = itemOf(recordEntry(record, late))
    assert.deepEqual(item.stamp, late.stamp)
    const layout = ['rollcall/item/1', encodeStamp(late.stamp), owner.id, 'record', encodeStamp(birth)] as const
    assert.equal(hex(item.hash), hex(sha256(encode([...layout, sha256(record.bytes), sha256(late.bytes)]))))
  })

  test('S1a: the key of a record is the greater of its two stamps', () => {
    assert.deepEqual(itemOf(recordEntry(record)).stamp, record.stamp)
    assert.deepEqual(itemOf(recordEntry(updated, early)).stamp, updated.stamp)
    assert.deepEqual(itemOf(recordEntry(updated, late)).stamp, late.stamp)
  })

  test('S1a: no presence is hashed as nothing, and differs from any', () => {
    assert.equal(hex(itemOf(recordEntry(record)).presenceHash), hex(sha256(new Uint8Array())))
    assert.notEqual(hex(itemOf(recordEntry(record)).hash), hex(itemOf(recordEntry(record, early)).hash))
  })

  test('S1a: reusing the item of the state before gives what a fresh computation gives', () => {
    const part = fc.constantFrom<Entry>(
      recordEntry(record),
      recordEntry(record, early),
      recordEntry(record, late),
      recordEntry(updated),
      recordEntry(updated, early),
      recordEntry(updated, late),
      recordEntry(recordOf(owner, { birth: stampOf(6, n1) })),
      tombstoneEntry(tombstoneOf(owner, stampOf(8, n0))),
      graveEntry(owner, stampOf(8, n0)),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (history) => {
        let previous: { entry: Entry; item: ReturnType<typeof itemOf> } | undefined
        for (const entry of history) {
          const item = itemOf(entry, previous)
          const fresh = itemOf(entry)
          assert.equal(hex(item.hash), hex(fresh.hash))
          assert.equal(hex(item.recordHash), hex(fresh.recordHash))
          assert.equal(hex(item.presenceHash), hex(fresh.presenceHash))
          assert.deepEqual(item.stamp, fresh.stamp)
          previous = { entry, item }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('T4: a dead entity has one item before and after purge, whatever its evidence', () => {
    const stamp = stampOf(8, n0)
    const grave = itemOf(graveEntry(owner, stamp))
    for (const salt of [1, 2]) {
      const tombstone = itemOf(tombstoneEntry(tombstoneOf(owner, stamp, salt)))
      assert.equal(hex(tombstone.hash), hex(grave.hash))
      assert.deepEqual(tombstone.stamp, grave.stamp)
    }
    assert.notEqual(hex(itemOf(graveEntry(owner, stampOf(8, n1))).hash), hex(grave.hash))
    assert.notEqual(hex(itemOf(graveEntry(ownerOf('other'), stamp)).hash), hex(grave.hash))
  })
})

describe('the digest of a set of items', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  /** Limbs of all ones carry as far as carries go. */
  const awkward = fc.constantFrom(0, 1, 127, 128, 254, 255).map((byte) => new Uint8Array(32).fill(byte))
  const hashes = fc.array(fc.oneof(hash, awkward), { maxLength: 12 })

  const keyed = (all: readonly Uint8Array[], wallMs = 0): OrderedItem[] =>
    all.map((one, i) => ({ id: owner.id, stamp: stampOf(wallMs + i, n0), hash: one }))
  const setOf = (items: readonly OrderedItem[]): ItemSet<OrderedItem> => {
    const set = new ItemSet<OrderedItem>()
    for (const item of items) set.insert(item)
    return set
  }

  test('S1a: is the sum modulo 2^256 and the count, in the order in which they are written', () => {
    fc.assert(
      fc.property(hashes, (all) => assert.equal(hex(setOf(keyed(all)).fingerprint()), referenceDigest(all))),
      { numRuns: 1_000 },
    )
  })

  test('S1a: adding and removing commute: any order, and any detour, gives one fingerprint', () => {
    const orders = hashes.chain((all) =>
      fc.record({ shuffled: fc.shuffledSubarray(keyed(all), { minLength: all.length }), detour: hashes }),
    )
    fc.assert(
      fc.property(orders, ({ shuffled, detour }) => {
        const aside = keyed(detour, 1_000)
        const set = setOf([...aside.slice(0, 3), ...shuffled, ...aside.slice(3)])
        for (const item of [...aside].reverse()) assert.equal(set.remove(item), true)
        assert.equal(set.count, shuffled.length)
        assert.equal(hex(set.fingerprint()), referenceDigest(shuffled.map((item) => item.hash)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('S1a: a set and the same set with an item of no weight differ by their count', () => {
    const zero = new Uint8Array(32)
    const digests = [[], [zero], [zero, zero]].map((all) => hex(setOf(keyed(all)).fingerprint()))
    assert.equal(new Set(digests).size, 3)
  })
})
