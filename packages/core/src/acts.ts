/**
 * What owners do to their entities: register, update, deregister. Signatures were verified before; what is judged here is
 * authority, order and names. What developers do to themselves and to names stands in developer-acts.ts and name-acts.ts.
 */
import {
  type Act,
  type ActContent,
  actContent,
  actsOf,
  actsWith,
  bindingOf,
  compareStamps,
  developerIdOfProof,
  type EntityId,
  type EntityRecord,
  equalBytes,
  fail,
  fieldsSet,
  identityFieldIn,
  makeRecord,
  makeTombstone,
  ok,
  type Result,
  registrant,
  type Stamp,
  saidIn,
} from '@rollcall/protocol'
import { nameKey } from './claims.ts'
import { liveRecord } from './merge/order.ts'
import type { Holding } from './state.ts'
import type { Turn } from './turn.ts'

export type ActResult = Result<{ readonly id: EntityId; readonly stamp: Stamp }>

/** What an act about a registered entity comes with. `developerKey`: the key that verified, where a developer signed. */
interface OwnersAct {
  readonly id: EntityId
  readonly act: Act
  readonly developerKey?: Uint8Array
}

/** L1, M2: a registration begins a birth. It makes nothing active. */
export const register = (turn: Turn, act: Act): ActResult => {
  const content = admit(turn, act)
  if (!content.ok) return content
  const who = registrant(content.value.body)
  if (!who.ok) return who
  const { id, publicKey } = who.value
  const held = turn.state.holdings.get(id)
  if (held?.entry.kind === 'record') return fail('already_registered', `${id} has a live record; update it instead`)
  const late = staleness(held, content.value)
  if (late !== undefined) return late
  const stamp = turn.issue()
  const issuedAtMs = newestIssuedAt(held, content.value)
  const acts = [act]
  const bindingClaim = bindingClaimOf({ id, acts, before: undefined, stamp })
  const record = makeRecord({ id, publicKey, birth: stamp, stamp, nameClaim: stamp, bindingClaim, issuedAtMs, acts })
  return record.ok ? write(turn, record.value, act) : record
}

/** An update keeps the birth and the presence. */
export const update = (turn: Turn, event: OwnersAct): ActResult => {
  const owned = ownedRecord(turn, event)
  if (!owned.ok) return owned
  const { holding, record, content } = owned.value
  if (event.act.form === 'native') {
    const { entity_id: _, ...fields } = content.body
    const fixed = identityFieldIn(fields)
    if (fixed !== undefined) return fail('validation_failed', `${fixed} says who an entity is and cannot be updated`)
  }
  const set = fieldsSet(content.body)
  if (set.length === 0) return ok({ id: record.id, stamp: record.stamp })
  const stamp = turn.issue()
  const renamed = set.includes('name') && content.body.name !== record.profile.name
  const acts = actsWith(actsOf(record), event.act)
  const next = makeRecord({
    ...record,
    stamp,
    nameClaim: renamed ? stamp : record.nameClaim,
    bindingClaim: bindingClaimOf({ id: record.id, acts, before: record, stamp }),
    issuedAtMs: newestIssuedAt(holding, content),
    acts,
  })
  return next.ok ? write(turn, next.value, event.act) : next
}

/** The stamp under which the name is claimed that `acts` leave: that of before where it is the same, else now. */
export const bindingClaimOf = (of: {
  readonly id: EntityId
  readonly acts: readonly Act[]
  readonly before: EntityRecord | undefined
  readonly stamp: Stamp
}): Stamp | undefined => {
  const said = saidIn(of.acts)
  const binding = said.ok ? bindingOf(said.value, of.id) : said
  // What cannot be read, `makeRecord` refuses with its reason.
  if (!binding.ok || binding.value === undefined) return undefined
  return of.before?.binding?.name === binding.value.name ? of.before.binding.claim : of.stamp
}

/** T1: what remains is a tombstone with the signed evidence. */
export const deregister = (turn: Turn, event: OwnersAct): ActResult => {
  const owned = ownedRecord(turn, event)
  if (!owned.ok) return owned
  const { holding, record, content } = owned.value
  const tombstone = makeTombstone({
    id: record.id,
    publicKey: record.publicKey,
    stamp: turn.issue(),
    issuedAtMs: newestIssuedAt(holding, content),
    act: event.act,
    proof: event.act.by === 'developer' ? record.profile.developerProof : undefined,
  })
  if (!tombstone.ok) return tombstone
  turn.join({ kind: 'tombstone', id: record.id, tombstone: tombstone.value }, 'owner', { own: true })
  return ok({ id: record.id, stamp: tombstone.value.stamp })
}

const write = (turn: Turn, record: EntityRecord, act: Act): ActResult => {
  // Only the write that sets a name claims it: who lost a name in a split may still change everything else.
  const proof = compareStamps(record.nameClaim, record.stamp) === 0 ? record.profile.developerProof : undefined
  const holder = proof && turn.state.claims.holder(nameKey(developerIdOfProof(proof), record.profile.name))
  // Zynd's clients treat a name as best effort and could not be told; they register under a name that is held.
  if (act.form === 'native' && holder !== undefined && holder !== record.id) {
    return fail('conflict_duplicate_name', `the name ${JSON.stringify(record.profile.name)} is held by ${holder}`, {
      holder,
    })
  }
  turn.join({ kind: 'record', id: record.id, record, presence: undefined }, 'owner', { own: true })
  return ok({ id: record.id, stamp: record.stamp })
}

/** What every act must pass: a node that serves, a form that is taken, a time within the skew. */
export const admit = (turn: Turn, act: Act): Result<ActContent> => {
  const { ready, settings } = turn.state
  if (!ready) return fail('node_not_ready', 'this node has not yet synced with the cluster; nothing was written')
  if (act.form === 'zynd' && !settings.zyndSignatures) {
    return fail('forbidden', 'signatures without time and nonce are turned off here (security.zynd_signatures = false)')
  }
  const content = actContent(act)
  if (!content.ok || content.value.issuedAtMs === undefined) return content
  const offMs = content.value.issuedAtMs - turn.nodeMs
  if (Math.abs(offMs) <= settings.skewMs) return content
  return fail(
    'clock_skew',
    `issued_at is ${Math.round(offMs)} ms from this node's clock, at most ${settings.skewMs} are allowed`,
  )
}

/** Compared with the owner's newest time, never with a stamp: those are two clocks (protocol review A11). */
export const staleness = (held: Holding | undefined, content: ActContent): ReturnType<typeof fail> | undefined => {
  const newest = heldIssuedAt(held)
  if (content.issuedAtMs === undefined || content.issuedAtMs > newest) return undefined
  return fail('stale_write', `issued_at ${content.issuedAtMs} is not later than ${newest}, the newest accepted`)
}

const heldIssuedAt = (held: Holding | undefined): number => {
  if (held?.entry.kind === 'tombstone') return held.entry.tombstone.issuedAtMs
  return held === undefined ? 0 : (liveRecord(held.entry)?.issuedAtMs ?? 0)
}

export const newestIssuedAt = (held: Holding | undefined, content: ActContent): number =>
  Math.max(heldIssuedAt(held), content.issuedAtMs ?? 0)

/** The live record that an act is about, and whether its signer, time and words fit it. */
export const ownedRecord = (
  turn: Turn,
  event: OwnersAct,
): Result<{ readonly holding: Holding; readonly record: EntityRecord; readonly content: ActContent }> => {
  const content = admit(turn, event.act)
  if (!content.ok) return content
  const holding = turn.state.holdings.get(event.id)
  if (holding === undefined) return fail('entity_not_found', `${event.id} is not registered`)
  if (holding.entry.kind !== 'record') return fail('entity_deregistered', `${event.id} was deregistered`)
  const { record } = holding.entry
  if (event.act.by === 'developer') {
    const owner = record.profile.developerProof?.publicKey
    if (owner === undefined || event.developerKey === undefined || !equalBytes(owner, event.developerKey)) {
      return fail('forbidden', 'the signer is not the developer of this entity')
    }
  }
  if (event.act.form === 'native' && content.value.body.entity_id !== event.id) {
    return fail('id_mismatch', 'the signed body names another entity')
  }
  const late = staleness(holding, content.value)
  return late ?? ok({ holding, record, content: content.value })
}
