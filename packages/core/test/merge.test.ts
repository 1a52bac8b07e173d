/** M1–M3 on generated entries: few stamps, owners' acts and beats, so that ties of every kind are common. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareOwnerActs, comparePresences, itemOf, merge } from '@rollcall/core'
import {
  compareBytes,
  type Delta,
  type Entry,
  encodeDelta,
  type PresenceDelta,
  type SignedPresence,
} from '@rollcall/protocol'
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

const RUNS = { numRuns: 1_500 }

const owner = ownerOf('merged')
const nodes = nodeKeys(3).map(({ id }) => id)

const stamp = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(...nodes))
  .map(([wallMs, node]) => stampOf(wallMs, node))
const later = stamp.map(({ wallMs, node }) => stampOf(wallMs + 4, node))

/** Presences of three births; some of one stamp differ in their beats, and so in their bytes. */
const presence: fc.Arbitrary<SignedPresence> = fc
  .record({
    birth: stamp,
    status: fc.constantFrom('active' as const, 'inactive' as const),
    beatMs: fc.nat(3),
    stamp: later,
  })
  .map(({ beatMs, ...said }) => presenceOf(owner, { ...said, beatMs: beatMs * 1_000 }))

const record: fc.Arbitrary<Entry> = fc
  .record({ birth: stamp, change: fc.option(later, { nil: undefined }), name: fc.constantFrom('x', 'y'), presence })
  .map(({ birth, change, name, presence: one }) =>
    recordEntry(recordOf(owner, { birth, stamp: change ?? birth, name }), rebirth(one, birth)),
  )

/** The same presence for the birth of a record, so that most generated records have one. */
const rebirth = ({ status, beat, stamp: at }: SignedPresence, birth: SignedPresence['birth']): SignedPresence =>
  presenceOf(owner, { birth, status, beatMs: beat.timeMs, stamp: at })

const bareRecord = record.map((entry): Entry => (entry.kind === 'record' ? { ...entry, presence: undefined } : entry))
const dead: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(stamp, fc.constantFrom(1, 2)).map(([at, salt]) => tombstoneEntry(tombstoneOf(owner, at, salt))),
  stamp.map((at) => graveEntry(owner, at)),
)
const entry: fc.Arbitrary<Entry> = fc.oneof({ weight: 4, arbitrary: record }, bareRecord, dead)
const news: fc.Arbitrary<PresenceDelta> = presence.map((one) => ({ kind: 'presence', id: owner.id, presence: one }))

const hashOf = (held: Entry | undefined): string =>
  held === undefined ? 'nothing' : Buffer.from(itemOf(held).hash).toString('hex')

const join = (held: Entry | undefined, ...deltas: readonly Delta[]): Entry | undefined =>
  deltas.reduce<Entry | undefined>((sum, delta) => merge(sum, delta), held)

describe('the merge of entries', () => {
  test('M1: is commutative, by item hash', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        assert.equal(hashOf(join(undefined, a, b)), hashOf(join(undefined, b, a)))
      }),
      RUNS,
    )
  })

  test('M1: is associative, by item hash', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        const right = merge(b, c)
        assert.ok(right)
        assert.equal(hashOf(join(undefined, a, b, c)), hashOf(join(undefined, a, right)))
      }),
      RUNS,
    )
  })

  test('M1: is idempotent, and returns what is held where nothing changes', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        const held = join(undefined, a, b)
        assert.ok(held)
        assert.equal(merge(held, held), held)
        assert.equal(merge(held, a), held)
        assert.equal(merge(held, b), held)
      }),
      RUNS,
    )
  })

  test('M1: gives one result for any order and any repetition of the same deltas, presences alone after the record', () => {
    const shuffled = fc
      .tuple(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.array(news, { maxLength: 5 }))
      .chain(([entries, alone]) =>
        fc.record({
          one: fc.shuffledSubarray(entries, { minLength: entries.length }),
          two: fc.shuffledSubarray(entries, { minLength: entries.length }),
          presencesOne: fc.shuffledSubarray(alone, { minLength: alone.length }),
          presencesTwo: fc.shuffledSubarray(alone, { minLength: alone.length }),
        }),
      )
    fc.assert(
      fc.property(shuffled, ({ one, two, presencesOne, presencesTwo }) => {
        const first = join(undefined, ...one, ...presencesOne)
        const second = join(undefined, ...two, ...presencesTwo, ...presencesOne, ...two)
        assert.equal(hashOf(first), hashOf(second))
      }),
      RUNS,
    )
  })

  test('M1: two states that saw the same deltas in part are made equal by exchanging entries', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1 }),
        fc.array(entry, { minLength: 1 }),
        fc.array(news),
        (a, b, alone) => {
          const ours = join(undefined, ...a, ...alone)
          const theirs = join(undefined, ...b)
          assert.ok(ours && theirs)
          assert.equal(hashOf(merge(ours, theirs)), hashOf(merge(theirs, ours)))
        },
      ),
      RUNS,
    )
  })

  test('M1: a merge moves upward only: joining more never loses what counted before', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        const held = join(undefined, a)
        const joined = merge(held, b)
        assert.ok(held && joined)
        assert.ok(compareOwnerActs(joined, held) >= 0)
        const [before, after] = [presenceIn(held), presenceIn(joined)]
        const sameBirth =
          joined.kind === 'record' && held.kind === 'record' && joined.record.birth === held.record.birth
        if (before && sameBirth) assert.ok(after && comparePresences(after, before) >= 0)
      }),
      RUNS,
    )
  })
})

const presenceIn = (held: Entry): SignedPresence | undefined => (held.kind === 'record' ? held.presence : undefined)

describe('the two orders', () => {
  const signs = (compare: number): number => Math.sign(compare)

  test('M2: acts of an owner are totally ordered, and tie only for one act', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        const ab = signs(compareOwnerActs(a, b))
        assert.equal(ab + signs(compareOwnerActs(b, a)), 0)
        if (ab >= 0 && compareOwnerActs(b, c) >= 0) assert.ok(compareOwnerActs(a, c) >= 0)
        if (ab !== 0) return
        if (a.kind === 'record' && b.kind === 'record') assert.equal(compareBytes(a.record.bytes, b.record.bytes), 0)
        else assert.equal(hashOf(a), hashOf(b))
      }),
      RUNS,
    )
  })

  test('M2: a record counts as its birth and a tombstone as its stamp, whatever changed the record since', () => {
    const [n0] = nodes
    assert.ok(n0)
    const record1 = recordEntry(recordOf(owner, { birth: stampOf(1, n0), stamp: stampOf(9, n0) }))
    const tombstone = tombstoneEntry(tombstoneOf(owner, stampOf(2, n0)))
    const record3 = recordEntry(recordOf(owner, { birth: stampOf(3, n0) }))
    assert.equal(join(undefined, record1, tombstone), tombstone)
    assert.equal(join(undefined, tombstone, record1), tombstone)
    assert.equal(join(undefined, tombstone, record3), record3)
    assert.equal(join(undefined, record3, tombstone, record1), record3)
  })

  test('M2: of two births with no deregistration between them the later stays, even against later updates of the older', () => {
    const [n0, n1] = nodes
    assert.ok(n0 && n1)
    const older = recordEntry(recordOf(owner, { birth: stampOf(1, n0), stamp: stampOf(9, n0) }))
    const newer = recordEntry(recordOf(owner, { birth: stampOf(2, n1) }))
    assert.equal(merge(older, newer), newer)
    assert.equal(merge(newer, older), newer)
  })

  test('M3: presences are totally ordered, and tie only for equal bytes', () => {
    fc.assert(
      fc.property(presence, presence, presence, (a, b, c) => {
        const ab = signs(comparePresences(a, b))
        assert.equal(ab + signs(comparePresences(b, a)), 0)
        if (ab >= 0 && comparePresences(b, c) >= 0) assert.ok(comparePresences(a, c) >= 0)
        if (ab === 0) assert.equal(compareBytes(a.bytes, b.bytes), 0)
      }),
      RUNS,
    )
  })

  test('M3: beat time decides before attendant, attendant before status, status before stamp', () => {
    const [n0, n1] = nodes
    assert.ok(n0 && n1)
    const of = (beatMs: number, node: typeof n0, status: 'active' | 'inactive', wallMs: number): SignedPresence =>
      presenceOf(owner, { birth: stampOf(1, n0), beatMs, stamp: stampOf(wallMs, node), status })
    const ascending = [
      of(1_000, n1, 'inactive', 9),
      of(2_000, n0, 'active', 8),
      of(2_000, n0, 'active', 9),
      of(2_000, n0, 'inactive', 4),
      of(2_000, n1, 'active', 3),
      of(2_000, n1, 'inactive', 2),
    ]
    for (const [i, lesser] of ascending.entries()) {
      for (const greater of ascending.slice(i + 1)) assert.ok(comparePresences(lesser, greater) < 0)
    }
  })

  test('M3: a presence of another birth counts for nothing, alone or beside a record', () => {
    const [n0] = nodes
    assert.ok(n0)
    const held = recordEntry(recordOf(owner, { birth: stampOf(2, n0) }))
    const foreign = presenceOf(owner, { birth: stampOf(1, n0), beatMs: 9_000, stamp: stampOf(9, n0) })
    assert.equal(merge(held, { kind: 'presence', id: owner.id, presence: foreign }), held)
    assert.ok(held.kind === 'record')
    const mixed: Entry = { ...held, presence: foreign }
    assert.equal(hashOf(merge(undefined, mixed)), hashOf(held))
    assert.equal(merge(undefined, { kind: 'presence', id: owner.id, presence: foreign }), undefined)
  })

  test('M1: entries of equal meaning are equal on the wire once merged, except the evidence of one death', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        const [ab, ba] = [join(undefined, a, b), join(undefined, b, a)]
        assert.ok(ab && ba)
        if (ab.kind === 'record') assert.deepEqual(encodeDelta(ab), encodeDelta(ba))
        else assert.deepEqual(itemOf(ab).stamp, itemOf(ba).stamp)
      }),
      RUNS,
    )
  })
})
