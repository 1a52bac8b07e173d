/** What must hold of the effects of any step (the order persist, publish, reindex, observe, answer makes them one promise). */
import assert from 'node:assert/strict'
import {
  breakOf,
  type Effects,
  presenceOf,
  type RegistryInput,
  type RegistryState,
  readEntryRow,
  readLinkRow,
  type Shown,
  type StoreOp,
} from '@rollcall/core'
import {
  type Delta,
  decodeDelta,
  developerChecks,
  type EntityId,
  type EntityRecord,
  type Entry,
  encodeDelta,
  fromUtf8,
  presenceChecks,
  recordChecks,
  type SignatureCheck,
  type SignedPresence,
  tombstoneChecks,
} from '@rollcall/protocol'
import type { Disk } from './disk.ts'
import { holds } from './keys.ts'
import { taken } from './taken.ts'

export interface StepTaken {
  readonly state: RegistryState
  readonly disk: Disk
  readonly events: readonly RegistryInput[]
  readonly effects: Effects
  readonly shownBefore: ReadonlyMap<EntityId, Shown>
}

export const checkEffects = (taking: StepTaken): void => {
  checkDisk(taking)
  for (const delta of taking.effects.publish) checkPublished(taking, delta)
  checkAnswers(taking)
  checkTransitions(taking)
  checkAudit(taking)
}

const hex = (bytes: Uint8Array | undefined): string => (bytes ? Buffer.from(bytes).toString('hex') : 'nothing')

/** The disk holds, byte for byte, whatever a step changed. */
const checkDisk = ({ state, disk, effects }: StepTaken): void => {
  for (const id of effects.reindex) {
    const entry = state.holdings.get(id)?.entry
    const row = disk.get('entry', id)
    if (entry === undefined) continue
    if (row === undefined) throw new Error(`${id} is held and not on disk`)
    const stored = taken(readEntryRow(row)).entry
    const bare: Entry = entry.kind === 'record' ? { ...entry, presence: undefined } : entry
    assert.equal(hex(encodeDelta(stored)), hex(encodeDelta(bare)), 'the entry on disk is the one held')
    const presence = presenceOf(entry)
    const expected = presence === undefined ? undefined : encodeDelta({ kind: 'presence', id, presence })
    assert.equal(hex(disk.get('presence', id)), hex(expected), 'the presence on disk is the one held')
    if (entry.kind !== 'record') assert.equal(disk.get('beat', id), undefined, 'the dead have no beat on disk')
  }
}

const writtenIn = (store: readonly StoreOp[], table: StoreOp['table'], id: EntityId): boolean =>
  store.some((op) => op.kind === 'put' && op.table === table && fromUtf8(op.key) === id)

/** What peers are told is held, persisted by the same effects, readable, and borne out by its signatures (G2, I3). */
const checkPublished = ({ state, effects }: StepTaken, delta: Delta): void => {
  const { id } = delta
  const entry = state.holdings.get(id)?.entry
  assert.ok(entry, 'what is published is held')
  assert.notEqual(delta.kind, 'grave', 'nobody announces a purge')
  const table = delta.kind === 'presence' ? 'presence' : 'entry'
  assert.ok(writtenIn(effects.store, table, id), `what is published of ${id} is persisted with it`)
  const wire = encodeDelta(delta)
  assert.equal(hex(encodeDelta(taken(decodeDelta(wire)))), hex(wire), 'a peer reads what was meant')
  if (delta.kind === 'record') checkRecord(delta.record)
  if (delta.kind === 'developer') checkAll(taken(developerChecks(delta.developer)), 'developer')
  if (delta.kind === 'tombstone') checkAll(taken(tombstoneChecks(delta.tombstone)), 'tombstone')
  const presence = delta.kind === 'record' || delta.kind === 'presence' ? delta.presence : undefined
  if (presence !== undefined && entry.kind === 'record') checkPresence(presence, entry.record)
}

const checkRecord = (record: EntityRecord): void => checkAll(taken(recordChecks(record)), 'record')

const verified = new WeakSet<Uint8Array>()

const checkPresence = (presence: SignedPresence, { id, publicKey }: EntityRecord): void => {
  if (verified.has(presence.bytes)) return
  checkAll(presenceChecks(presence, id, publicKey), 'presence')
  verified.add(presence.bytes)
}

const checkAll = (checks: readonly SignatureCheck[], what: string): void => {
  for (const check of checks) assert.ok(holds(check), `every signature of a published ${what} holds`)
}

const checkAnswers = ({ events, effects }: StepTaken): void => {
  const asked = events.flatMap((event) => ('token' in event ? [event.token] : []))
  assert.deepEqual(
    effects.answers.map(({ token }) => token),
    asked,
    'each event that waits is answered once, in order',
  )
  const promised = effects.answers.some((answer) => answer.kind === 'act' && answer.result.ok)
  const flushed = events.some(({ type }) => type === 'flush')
  assert.equal(effects.durable, promised || flushed, 'durable exactly where an owner was told yes, and at a flush')
}

const checkTransitions = ({ state, effects, shownBefore }: StepTaken): void => {
  const told = new Set<EntityId>()
  for (const { id, from, to } of effects.transitions) {
    assert.ok(!told.has(id), 'a transition is told once a step')
    told.add(id)
    assert.equal(from, shownBefore.get(id) ?? 'unknown', 'a transition starts from what was shown')
    assert.equal(to, state.holdings.get(id)?.shown, 'a transition ends at what is shown')
    assert.ok(effects.reindex.includes(id), 'what changes in view is indexed anew')
  }
  for (const [id, { shown }] of state.holdings) {
    const before = shownBefore.get(id)
    if (before === undefined || before === shown || told.has(id)) continue
    // One death replaced by another is the same to every reader.
    const dead = before !== 'active' && before !== 'inactive' && shown !== 'active' && shown !== 'inactive'
    assert.ok(dead, `${id} went from ${before} to ${shown} without a transition`)
  }
}

/** A1: one link for every transition and every verdict, in their order, each covering the one before. */
const checkAudit = ({ state, effects }: StepTaken): void => {
  const links = effects.store.flatMap((op) =>
    op.kind === 'put' && op.table === 'audit' ? [readLinkRow(op.value)] : [],
  )
  const told = [
    ...effects.transitions.map(({ kind, id }) => `${kind} ${id}`),
    ...effects.notices.flatMap((notice) => (notice.type === 'verdict' ? [`verdict ${notice.node}`] : [])),
  ]
  assert.deepEqual(
    links.map((link) => `${taken(link).fact.kind} ${taken(link).fact.subject}`),
    told,
    'the chain tells what happened',
  )
  for (const [i, link] of links.entries()) {
    const before = i === 0 ? undefined : links[i - 1]
    if (before !== undefined) assert.equal(breakOf(taken(before), taken(link)), undefined, 'the chain is whole')
  }
  const last = links.at(-1)
  if (last !== undefined) assert.equal(hex(state.auditHead.hash), hex(taken(last).hash), 'its head is the newest link')
}
