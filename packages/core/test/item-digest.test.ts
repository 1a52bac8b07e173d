import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { addHash, fingerprintOf, itemOf, subtractHash, zeroSum } from '@rollcall/core'
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

  const digestOf = (items: readonly Uint8Array[]): string => {
    const sum = zeroSum()
    for (const item of items) addHash(sum, item)
    return hex(fingerprintOf(sum, items.length))
  }

  test('S1a: is the sum modulo 2^256 and the count, in the order in which they are written', () => {
    const reference = (items: readonly Uint8Array[]): string => {
      const sum = items.reduce((total, item) => total + BigInt(`0x${hex(Uint8Array.from(item).reverse())}`), 0n)
      const bytes = Buffer.alloc(40)
      Buffer.from((sum % 2n ** 256n).toString(16).padStart(64, '0'), 'hex')
        .reverse()
        .copy(bytes)
      bytes.writeBigUInt64LE(BigInt(items.length), 32)
      return hex(sha256(bytes).subarray(0, 16))
    }
    fc.assert(
      fc.property(hashes, (items) => assert.equal(digestOf(items), reference(items))),
      { numRuns: 1_000 },
    )
  })

  test('S1a: adding and removing commute: any order, and any detour, gives one fingerprint', () => {
    const orders = hashes.chain((items) =>
      fc.record({
        items: fc.constant(items),
        shuffled: fc.shuffledSubarray(items, { minLength: items.length }),
        detour: hashes,
      }),
    )
    fc.assert(
      fc.property(orders, ({ items, shuffled, detour }) => {
        const sum = zeroSum()
        for (const item of detour) addHash(sum, item)
        for (const item of shuffled) addHash(sum, item)
        for (const item of [...detour].reverse()) subtractHash(sum, item)
        assert.equal(hex(fingerprintOf(sum, items.length)), digestOf(items))
      }),
      { numRuns: 1_000 },
    )
  })

  test('S1a: a set and the same set with an item twice differ by their count', () => {
    const zero = new Uint8Array(32)
    assert.notEqual(digestOf([]), digestOf([zero]))
    assert.notEqual(digestOf([zero]), digestOf([zero, zero]))
  })
})
