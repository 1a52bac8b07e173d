/** Recomputes from the holdings whatever a state keeps beside them, and compares. */
import assert from 'node:assert/strict'
import { claimsOf, compareKeys, type Holding, itemOf, presenceOf, type RegistryState, type Shown } from '@rollcall/core'
import {
  compareStamps,
  type DeveloperId,
  developerIdOf,
  developerIdOfProof,
  type EntityId,
  type EntityRecord,
  isDeveloperId,
  type NodeId,
} from '@rollcall/protocol'
import { referenceDigest } from './reference-digest.ts'

/** Throws where anything derived disagrees with the entries. Holds between any two steps. */
export const audit = (state: RegistryState): void => {
  auditDigest(state)
  auditCounts(state)
  auditIndexes(state)
  auditNames(state)
  auditClaims(state)
  auditOwned(state)
  for (const [id, holding] of state.holdings) auditHolding(state, id, holding)
  auditLeases(state)
  auditMembers(state)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const auditDigest = (state: RegistryState): void => {
  const hashes: Uint8Array[] = []
  for (const { entry, item } of state.holdings.values()) {
    const fresh = itemOf(entry)
    assert.equal(hex(item.hash), hex(fresh.hash), `item of ${entry.id}`)
    assert.deepEqual(item.stamp, fresh.stamp, `item stamp of ${entry.id}`)
    hashes.push(fresh.hash)
  }
  assert.equal(state.items.count, hashes.length, 'count of the digest')
  assert.equal(hex(state.items.fingerprint()), referenceDigest(hashes), 'digest')
  const listed = [...state.items.range({ lower: undefined, upper: undefined })]
  const held = [...state.holdings.values()].map(({ item }) => item).sort(compareKeys)
  assert.ok(listed.length === held.length && listed.every((item, i) => item === held[i]), 'items in the order of sync')
}

const auditCounts = (state: RegistryState): void => {
  const counts: Record<Shown, number> = { active: 0, inactive: 0, developer: 0, tombstone: 0, grave: 0 }
  for (const { shown } of state.holdings.values()) counts[shown]++
  const { active, inactive, developer, tombstone, grave } = counts
  assert.equal(state.developers, developer, 'live developers')
  assert.deepEqual(state.counts, { active, inactive, tombstones: tombstone, graves: grave }, 'counts')
}

const auditIndexes = (state: RegistryState): void => {
  const attended = new Map<NodeId, EntityId[]>()
  const tombstones: EntityId[] = []
  for (const [id, { entry }] of state.holdings) {
    if (entry.kind === 'tombstone') tombstones.push(id)
    const presence = presenceOf(entry)
    if (presence?.status !== 'active') continue
    attended.set(presence.attendant, [...(attended.get(presence.attendant) ?? []), id])
  }
  const sorted = (map: ReadonlyMap<NodeId, Iterable<EntityId>>): [NodeId, EntityId[]][] =>
    [...map].map(([node, ids]): [NodeId, EntityId[]] => [node, [...ids].sort()]).sort(([a], [b]) => (a < b ? -1 : 1))
  assert.deepEqual(sorted(state.attended), sorted(attended), 'attended')
  assert.deepEqual([...state.tombstones].sort(), tombstones.sort(), 'tombstones')
  for (const id of state.unflushed) assert.ok(state.holdings.get(id)?.beat, `${id} is unflushed without a beat`)
}

const bearerKey = ({ profile }: EntityRecord): string | undefined =>
  profile.developerProof === undefined ? undefined : `${developerIdOfProof(profile.developerProof)} ${profile.name}`

const auditNames = (state: RegistryState): void => {
  const holders = new Map<string, EntityRecord>()
  const records = [...state.holdings.values()].flatMap(({ entry }) => (entry.kind === 'record' ? [entry.record] : []))
  for (const record of records) {
    const key = bearerKey(record)
    const holder = key === undefined ? undefined : holders.get(key)
    if (key === undefined) continue
    if (holder === undefined || compareStamps(record.nameClaim, holder.nameClaim) < 0) holders.set(key, record)
  }
  for (const record of records) {
    assert.equal(
      state.claims.holder(bearerKey(record) ?? ''),
      holders.get(bearerKey(record) ?? '')?.id,
      'holder of a name',
    )
  }
}

/** N1: of every claim the holder is the live record with the least stamp, and nobody else is. */
const auditClaims = (state: RegistryState): void => {
  const claims = [...state.holdings.values()].flatMap(({ entry }) =>
    claimsOf(entry).map((claim) => ({ id: entry.id, ...claim })),
  )
  for (const { key } of claims) {
    const claimants = claims.filter((claim) => claim.key === key)
    claimants.sort((a, b) => compareStamps(a.stamp, b.stamp) || (a.id < b.id ? -1 : 1))
    const [holder, ...others] = claimants.map(({ id }) => id)
    assert.deepEqual(state.claims.claimants(key), { holder, others: new Set(others) }, `claimants of ${key}`)
  }
}

/** N2: whose proofs live entities carry. */
const auditOwned = (state: RegistryState): void => {
  const owned = new Map<DeveloperId, EntityId[]>()
  for (const { entry } of state.holdings.values()) {
    const proof = entry.kind === 'record' ? entry.record.profile.developerProof : undefined
    if (proof === undefined) continue
    const id = developerIdOfProof(proof)
    owned.set(id, [...(owned.get(id) ?? []), entry.id])
    assert.equal(developerIdOf(state.owned.publicKey(id) ?? new Uint8Array()), id, 'the key of a developer')
  }
  for (const [id, ids] of owned) assert.deepEqual([...state.owned.entities(id)].sort(), ids.sort(), `owned by ${id}`)
  for (const { entry } of state.holdings.values()) {
    if (!isDeveloperId(entry.id)) continue
    if (!owned.has(entry.id))
      assert.equal(state.owned.publicKey(entry.id), undefined, 'who owns nothing is not derived')
    assert.equal(state.leases.deadlineMs(entry.id), undefined, 'a developer has no lease')
  }
}

const auditHolding = (state: RegistryState, id: EntityId, holding: Holding): void => {
  const { entry, item, shown } = holding
  assert.equal(entry.id, id)
  // A verdict changes how entities are shown in the ticks after it; until then they wait in `review`.
  if (!state.review.has(id)) assert.equal(shown, state.shownNow(holding), `shown of ${id}`)
  assert.ok(state.hybrid.wallMs >= item.stamp.wallMs, 'the clock is above every stamp held')
  if (entry.kind !== 'record') return assert.equal(holding.beat, undefined, 'the dead hold no beat')
  const { record, presence } = entry
  assert.ok(state.hybrid.wallMs >= record.stamp.wallMs, 'the clock is above every stamp held')
  if (presence === undefined) return
  assert.equal(compareStamps(presence.birth, record.birth), 0, 'a presence counts only with its birth (M3)')
  assert.ok(presence.word.bytes.length >= 64, 'every presence bears the word of its attendant')
  if (presence.attendant === state.self || presence.status === 'inactive') return
  const last = state.members.get(presence.attendant)?.lastStamp
  assert.ok(last !== undefined && compareStamps(last, presence.stamp) >= 0, 'who says active was heard to (L6)')
}

const auditLeases = (state: RegistryState): void => {
  for (const id of state.attended.get(state.self) ?? []) {
    assert.notEqual(state.leases.deadlineMs(id), undefined, `${id} is attended here without a deadline (L3)`)
  }
  let leased = 0
  for (const [id, { entry }] of state.holdings) {
    if (state.leases.deadlineMs(id) === undefined) continue
    assert.equal(entry.kind, 'record', 'only the living hold leases')
    leased++
  }
  assert.equal(state.leases.size, leased, 'every lease is that of a holding')
}

const auditMembers = (state: RegistryState): void => {
  assert.equal(state.members.get(state.self), undefined, 'a node is no member of its own table')
  for (const { verdict, lastStamp } of state.members.all()) {
    if (verdict === undefined) continue
    assert.ok(
      lastStamp !== undefined && compareStamps(verdict, lastStamp) <= 0,
      'a verdict names a stamp that was heard',
    )
  }
}
