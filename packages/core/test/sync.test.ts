import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  answerMessage,
  compareKeys,
  type Differences,
  differencesIn,
  type InPieces,
  type ItemKey,
  ItemSet,
  momentKey,
  nextMessage,
  openingMessage,
  type Prefix,
  type Range,
  renewed,
  type SyncItem,
} from '@rollcall/core'
import { base16, entityIdOf, nodeIdOf } from '@rollcall/protocol'
import fc from 'fast-check'
import { referenceDigest } from './support/reference-digest.ts'

const NODES = [1, 2, 3].map((byte) => nodeIdOf(new Uint8Array(32).fill(byte)))

const item = (entity: number, wallMs: number, counter: number, version = 0): SyncItem => {
  const node = NODES[counter % NODES.length] ?? assert.fail()
  const key = createHash('sha256').update(`entity ${entity}`).digest()
  const hash = createHash('sha256').update(`${entity} ${wallMs} ${counter} ${version}`).digest()
  return { stamp: { wallMs, counter, node }, id: entityIdOf('agent', key), hash, recordHash: hash, presenceHash: hash }
}

const setOf = (items: readonly SyncItem[]): ItemSet<SyncItem> => {
  const set = new ItemSet<SyncItem>()
  for (const one of items) set.insert(one)
  return set
}

/** Carries a computation out; between two of its pieces `meanwhile` is called. */
const whole = <T>(work: InPieces<T>, meanwhile: () => void = () => undefined): T => {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    meanwhile()
  }
}

/** Runs a whole reconciliation, and tells what it took. */
const reconcile = (
  a: ItemSet<SyncItem>,
  b: ItemSet<SyncItem>,
  options?: Parameters<typeof answerMessage>[2],
): Differences & { readonly rounds: number; readonly sizeMax: number } => {
  const theirs: Differences['theirs'][number][] = []
  const ours: SyncItem[] = []
  let sizeMax = 0
  let rounds = 0
  let message = openingMessage(a)
  for (;;) {
    rounds++
    assert.ok(rounds < 10_000, 'a reconciliation ends')
    const answer = whole(answerMessage(b, message, options))
    sizeMax = Math.max(sizeMax, answer.length)
    const differences = whole(differencesIn(a, answer))
    theirs.push(...differences.theirs)
    ours.push(...differences.ours)
    const next = whole(nextMessage(a, answer, options))
    if (next === undefined) return { theirs, ours, rounds, sizeMax }
    message = next
  }
}

const items = fc.uniqueArray(
  fc.tuple(fc.nat(400), fc.nat(40), fc.nat(2)).map(([entity, wallMs, counter]) => item(entity, wallMs, counter)),
  { selector: (one) => one.id, maxLength: 300 },
)

test('S1: two sets of any content learn exactly what differs, whatever the sizes of lists and messages', () => {
  const options = fc.record({
    listMax: fc.integer({ min: 1, max: 40 }),
    branches: fc.integer({ min: 2, max: 20 }),
    messageMax: fc.integer({ min: 2, max: 200 }),
  })
  fc.assert(
    fc.property(items, items, items, options, (common, onlyA, onlyB, sizes) => {
      const inA = uniqueById([...onlyA, ...common])
      const inB = uniqueById([...onlyB, ...common])
      // A range can be listed only if it has fewer items than it is split into.
      const found = reconcile(setOf(inA), setOf(inB), { ...sizes, listMax: Math.max(sizes.listMax, sizes.branches) })
      const keysOf = (list: readonly SyncItem[]): Set<string> => new Set(list.map(keyOf))
      const [keysA, keysB] = [keysOf(inA), keysOf(inB)]
      const expectedOurs = inA.filter((one) => !keysB.has(keyOf(one)))
      const expectedTheirs = inB.filter((one) => !keysA.has(keyOf(one)))
      const sorted = (list: readonly { readonly id: string }[]): string[] =>
        [...new Set(list.map(({ id }) => id))].sort()
      assert.deepEqual(sorted(found.ours), sorted(expectedOurs))
      assert.deepEqual(sorted(found.theirs), sorted(expectedTheirs))
    }),
    { numRuns: 1_000 },
  )
})

const keyOf = (one: SyncItem): string => `${one.stamp.wallMs} ${one.stamp.counter} ${one.id}`

const uniqueById = (list: readonly SyncItem[]): SyncItem[] => [...new Map(list.map((one) => [one.id, one])).values()]

test('S2: the ordered set agrees with a sorted array after any inserts and removals', () => {
  const changes = fc.array(fc.tuple(fc.boolean(), fc.nat(300), fc.nat(20), fc.nat(2)), { maxLength: 600 })
  fc.assert(
    fc.property(changes, fc.nat(20), fc.nat(20), (list, from, to) => {
      const set = new ItemSet<SyncItem>()
      const model = new Map<string, SyncItem>()
      for (const [insert, entity, wallMs, counter] of list) {
        const one = item(entity, wallMs, counter)
        const held = model.get(keyOf(one))
        if (insert && held === undefined) {
          set.insert(one)
          model.set(keyOf(one), one)
        } else if (!insert) {
          assert.equal(set.remove(one), held !== undefined)
          model.delete(keyOf(one))
        }
      }
      const sorted = [...model.values()].sort(compareKeys)
      assert.equal(set.count, sorted.length)
      assert.deepEqual([...set.range({ lower: undefined, upper: undefined })], sorted)
      assert.deepEqual(set.fingerprint(), setOf([...sorted].reverse()).fingerprint())
      const [lower, upper] = [item(0, Math.min(from, to), 0), item(0, Math.max(from, to), 0)]
      const inRange = sorted.filter((one) => compareKeys(one, lower) >= 0 && compareKeys(one, upper) < 0)
      assert.deepEqual([...set.range({ lower, upper })], inRange)
      assert.deepEqual(set.fingerprint({ lower, upper }), setOf(inRange).fingerprint())
      sorted.forEach((one, rank) => {
        if (rank % 7 !== 0) return
        assert.equal(set.at(rank), one)
        assert.equal(set.before(one).count, rank)
      })
    }),
    { numRuns: 300 },
  )
})

test('S2: a set several levels deep agrees with a sorted array while it grows, shrinks and grows again', () => {
  const set = new ItemSet<SyncItem>()
  const all = Array.from({ length: 6_000 }, (_, i) => item(i, (i * 7_919) % 6_007, 0))
  const check = (held: readonly SyncItem[]): void => {
    const sorted = [...held].sort(compareKeys)
    assert.equal(set.count, sorted.length)
    assert.deepEqual(set.fingerprint(), setOf(sorted).fingerprint())
    for (let rank = 0; rank <= sorted.length; rank += 97) {
      assert.equal(set.at(rank), sorted[rank])
      assert.deepEqual(set.first(rank), setOf(sorted.slice(0, rank)).before(undefined))
      const one = sorted[rank]
      if (one !== undefined) assert.deepEqual(set.before(one), set.first(rank))
    }
    for (let wallMs = 0; wallMs < 6_100; wallMs += 611) {
      const range = { lower: momentKey(wallMs), upper: momentKey(wallMs + 1_000) }
      const inRange = sorted.filter(({ stamp }) => stamp.wallMs >= wallMs && stamp.wallMs < wallMs + 1_000)
      assert.deepEqual([...set.range(range)], inRange)
      assert.deepEqual(base16(set.fingerprint(range)), referenceDigest(inRange.map(({ hash }) => hash)))
    }
  }
  for (const one of all) set.insert(one)
  check(all)
  for (const one of all.slice(100)) assert.ok(set.remove(one))
  assert.ok(!set.remove(all[100] ?? assert.fail()))
  check(all.slice(0, 100))
  for (const one of all.slice(100).reverse()) set.insert(one)
  check(all)
  const everyTenth = all.filter((_, i) => i % 10 === 0)
  for (const one of all) if (!everyTenth.includes(one)) set.remove(one)
  check(everyTenth)
  for (const one of all) if (!everyTenth.includes(one)) set.insert(one)
  check(all)
  for (const one of all) set.remove(one)
  check([])
})

test('S2: what comes where a stretch was emptied is found, whichever nodes are joined over it', () => {
  // In this order the nodes become nearly full: so full that one which empties is not joined before.
  const sparse = Array.from({ length: 900 }, (_, i) => item(i, 20 * i, 0))
  const between = sparse
    .filter((_, i) => i % 16 < 13)
    .map((_, i) => item(1_000 + i, 20 * (i + 3 * Math.floor(i / 13)) + 10, 0))
  const all = [...sparse, ...between].sort(compareKeys)
  for (let from = 0; from < all.length; from += 8) {
    const set = setOf([...sparse, ...between])
    const held = new Set(all)
    const drop = (one: SyncItem): void => assert.ok(held.delete(one) && set.remove(one))
    // The nodes of the stretch go, what comes anew lies before those that are left, and their neighbours become few.
    all.slice(from, from + 40).forEach(drop)
    for (let i = 0; i < 3; i++) {
      const one = item(3_000 + i, (all[from]?.stamp.wallMs ?? 0) + 1 + i, 0)
      held.add(one)
      set.insert(one)
    }
    for (const one of all.filter((_, i) => Math.abs(i - from) < 700 && i % 20 !== 0)) if (held.has(one)) drop(one)
    const sorted = [...held].sort(compareKeys)
    assert.deepEqual([...set.range({ lower: undefined, upper: undefined })], sorted)
    for (const [rank, one] of sorted.entries()) assert.equal(set.before(one).count, rank)
    assert.deepEqual(set.fingerprint(), setOf(sorted).fingerprint())
    for (const one of sorted) assert.ok(set.remove(one))
  }
})

test('S1: equal sets settle in one round, and recent differences cost few rounds', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => item(i, i, 0))
  const a = setOf(many)
  const b = setOf(many)
  assert.deepEqual({ ...reconcile(a, b), sizeMax: 0 }, { theirs: [], ours: [], rounds: 1, sizeMax: 0 })
  for (let i = 0; i < 100; i++) b.insert(item(30_000 + i, 30_000 + i, 0))
  const found = reconcile(a, b)
  assert.equal(found.theirs.length, 100)
  assert.equal(found.ours.length, 0)
  assert.ok(found.rounds <= 5, `${found.rounds} rounds`)
})

/** One side of a sync that repairs as it goes: of two items of an entity the later one stays. */
class Side {
  readonly set = new ItemSet<SyncItem>()
  readonly held = new Map<string, SyncItem>()

  constructor(list: readonly SyncItem[]) {
    for (const one of list) this.take(one)
  }

  take(one: SyncItem): void {
    const held = this.held.get(one.id)
    if (held !== undefined && compareKeys(held, one) >= 0) return
    if (held !== undefined) this.set.remove(held)
    this.held.set(one.id, one)
    this.set.insert(one)
  }
}

/**
 * Runs a reconciliation that repairs what it finds before it asks on; resolves with the claims that travelled. `meanwhile` is
 * called between the pieces of each computation.
 */
const repairing = (
  a: Side,
  b: Side,
  gatheredMax: number,
  meanwhile = () => undefined,
): { readonly rounds: number; readonly claims: number } => {
  let found = new Set<string>()
  let claims = 0
  let message: Range[] | undefined = openingMessage(a.set)
  for (let rounds = 1; ; rounds++) {
    assert.ok(rounds < 10_000, 'a reconciliation ends')
    const answer: Range[] = whole(answerMessage(b.set, message), meanwhile)
    for (const { claim } of [...message, ...answer]) claims += claim.kind === 'list' ? 1 + claim.items.length : 1
    const { ours, theirs } = whole(differencesIn(a.set, answer), meanwhile)
    for (const { id } of [...ours, ...theirs]) found.add(id)
    message = whole(nextMessage(a.set, answer), meanwhile)
    if (found.size >= gatheredMax || message === undefined) {
      for (const id of found) {
        const [mine, their] = [a.held.get(id), b.held.get(id)]
        if (their !== undefined) a.take(their)
        if (mine !== undefined) b.take(mine)
      }
      if (message === undefined) return { rounds, claims }
      found = new Set()
      message = whole(renewed(a.set, message), meanwhile)
    }
  }
}

test('S1: two sides that repair as they go hold the same in the end', () => {
  fc.assert(
    fc.property(items, items, items, fc.integer({ min: 1, max: 50 }), (common, onlyA, onlyB, gatheredMax) => {
      const [a, b] = [new Side([...common, ...onlyA]), new Side([...common, ...onlyB])]
      repairing(a, b, gatheredMax)
      assert.deepEqual(a.set.fingerprint(), b.set.fingerprint())
    }),
    { numRuns: 500 },
  )
})

test('S1, S2: sets that change between the pieces of a computation hold the same after one that nothing disturbs', () => {
  const changes = fc.array(fc.tuple(fc.boolean(), fc.nat(2_000), fc.nat(60)), { maxLength: 60 })
  fc.assert(
    fc.property(fc.nat(1_500), fc.nat(1_500), changes, (shift, count, meanwhile) => {
      const many = Array.from({ length: 1_500 }, (_, i) => item(i, i % 50, i % 3))
      const [a, b] = [new Side(many.slice(0, count)), new Side(many.slice(shift))]
      const left = [...meanwhile]
      repairing(a, b, 64, () => {
        const [toA, entity, wallMs] = left.pop() ?? []
        if (entity !== undefined && wallMs !== undefined) (toA ? a : b).take(item(entity, wallMs, 0))
      })
      repairing(a, b, 64)
      assert.deepEqual(a.set.fingerprint(), b.set.fingerprint())
    }),
    { numRuns: 60 },
  )
})

test('S1, S2: a change between two pieces is no difference of the ranges that it is not in', () => {
  const many = Array.from({ length: 4_000 }, (_, i) => item(i, 10 + i, 0))
  const set = setOf(many)
  const lowest = many.filter((_, i) => i % 20 === 0).reverse()
  const same = [...lowest.slice(0, -1), undefined].map((lower, i): Range => {
    const fingerprint = set.fingerprint({ lower, upper: lowest[i - 1] })
    return { lower, claim: { kind: 'fingerprint', fingerprint } }
  })
  for (const computation of [answerMessage, nextMessage]) {
    let changes = 0
    const said = whole(computation<SyncItem>(set, same), () => set.insert(item(9_000 + changes, changes++, 1))) ?? []
    assert.ok(changes >= 3, `${changes} changes`)
    assert.deepEqual(said[0], { lower: lowest.at(-2), claim: { kind: 'skip' } }, computation.name)
    for (let wallMs = 0; wallMs < changes; wallMs++) set.remove(item(9_000 + wallMs, wallMs, 1))
  }
  let changes = 0
  const again = whole(renewed(set, same), () => set.insert(item(9_000 + changes, changes++, 1)))
  assert.ok(changes >= 3)
  assert.deepEqual(again.slice(0, -1), same.slice(0, -1))
})

/** Counts what is looked up in it. */
class WatchedSet extends ItemSet<SyncItem> {
  lookups = 0

  override before(key: ItemKey | undefined): Prefix {
    this.lookups++
    return super.before(key)
  }

  override first(rank: number): Prefix {
    this.lookups++
    return super.first(rank)
  }

  override *range(range: { readonly lower: ItemKey | undefined; readonly upper: ItemKey | undefined }) {
    for (const one of super.range(range)) {
      this.lookups++
      yield one
    }
  }
}

test('S2: each piece of a computation looks a bounded number of things up', () => {
  const a = new WatchedSet()
  const b = new WatchedSet()
  for (let i = 0; i < 20_000; i++) {
    a.insert(item(i, i, 0))
    if (i % 9 > 0) b.insert(item(i, i, 0))
  }
  let most = 0
  const rest = (): undefined => {
    most = Math.max(most, a.lookups + b.lookups)
    a.lookups = 0
    b.lookups = 0
  }
  const carriedOut = <T>(work: InPieces<T>): T => {
    rest()
    const value = whole(work, rest)
    rest()
    return value
  }
  let message: Range[] | undefined = openingMessage(a)
  while (message !== undefined) {
    const answer: Range[] = carriedOut(answerMessage(b, message))
    carriedOut(differencesIn(a, answer))
    message = carriedOut(nextMessage(a, answer))
    if (message !== undefined) message = carriedOut(renewed(a, message))
  }
  assert.ok(most <= 160, `${most} lookups in one piece`)
})

test('S1: of entries that changed, the places where they lay before are hardly looked at', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => item(i, i, 0))
  const moved = many.filter((_, i) => i % 20 === 0).map((_, i) => item(20 * i, 30_000 + i, 0, 1))
  const costOf = (gatheredMax: number) => repairing(new Side(many), new Side([...many, ...moved]), gatheredMax)
  const [together, atTheEnd] = [costOf(512), costOf(Number.POSITIVE_INFINITY)]
  assert.ok(
    5 * together.claims < atTheEnd.claims,
    `${together.claims} claims, ${atTheEnd.claims} where all is found first`,
  )
  assert.ok(together.rounds <= 8, `${together.rounds} rounds`)
})

test('S2: a set of any size is listed to a node that holds nothing in messages of bounded size', () => {
  const full = setOf(Array.from({ length: 20_000 }, (_, entity) => item(entity, entity, 0)))
  const empty = setOf([])
  const listSizes: number[] = []
  let message = openingMessage(empty)
  let learnt = 0
  for (;;) {
    const answer = whole(answerMessage(full, message))
    let size = 0
    for (const { claim } of answer) size += claim.kind === 'list' ? claim.items.length : 1
    listSizes.push(size)
    learnt += whole(differencesIn(empty, answer)).theirs.length
    const next = whole(nextMessage(empty, answer))
    if (next === undefined) break
    message = next
  }
  assert.equal(learnt, 20_000)
  assert.ok(Math.max(...listSizes) <= 1_024 + 256, `at most ${Math.max(...listSizes)} in a message`)
})
