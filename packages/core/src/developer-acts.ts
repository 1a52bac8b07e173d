/**
 * What developers do to themselves: register, update, deregister, claim a handle and release it (N1, N2). One machinery with
 * entities: the same stamps, merge, tombstones and graves; a developer only has no presence.
 */
import {
  type Act,
  type ActContent,
  type DeveloperId,
  type DeveloperRecord,
  developerActsOf,
  developerActsWith,
  developerFieldsSet,
  developerSays,
  type Failure,
  fail,
  makeDeveloperRecord,
  makeTombstone,
  ok,
} from '@rollcall/protocol'
import { type ActResult, admit, newestIssuedAt, staleness } from './acts.ts'
import { handleKey } from './claims.ts'
import type { Turn } from './turn.ts'

interface DevelopersAct {
  readonly id: DeveloperId
  readonly act: Act
  readonly publicKey: Uint8Array
}

export const developerAct = (turn: Turn, event: DevelopersAct): ActResult => {
  const { id, act } = event
  const content = admit(turn, act)
  if (!content.ok) return content
  const held = turn.state.holdings.get(id)
  const before = held?.entry.kind === 'developer' ? held.entry.developer : undefined
  const refused = act.kind === 'register_developer' ? refusedAnew(before, id) : refusedUnknown(turn, id, before)
  if (refused !== undefined) return refused
  const late = staleness(held, content.value)
  if (late !== undefined) return late
  return act.kind === 'deregister_developer'
    ? deregister(turn, event, content.value)
    : write(turn, event, { before, content: content.value })
}

const refusedAnew = (before: DeveloperRecord | undefined, id: DeveloperId): Failure | undefined =>
  before === undefined ? undefined : fail('already_registered', `${id} has a live record; update it instead`)

/** Whoever a live entity proves may begin its record with any act; whoever was deregistered registers again. */
const refusedUnknown = (turn: Turn, id: DeveloperId, before: DeveloperRecord | undefined): Failure | undefined => {
  if (before !== undefined) return undefined
  if (turn.state.holdings.has(id)) return fail('developer_not_found', `${id} was deregistered; it may register again`)
  return turn.state.owned.publicKey(id) === undefined
    ? fail('developer_not_found', `${id} is not registered, and no live entity carries its proof`)
    : undefined
}

const write = (
  turn: Turn,
  { id, act, publicKey }: DevelopersAct,
  known: { readonly before: DeveloperRecord | undefined; readonly content: ActContent },
): ActResult => {
  const { before, content } = known
  const actsBefore = before === undefined ? [] : developerActsOf(before)
  const said = developerSays([...actsBefore, act], { id, publicKey })
  if (!said.ok) return said
  const fields = developerFieldsSet(act, content.body)
  const { handle } = said.value
  if (before !== undefined && isNothingNew(act, { before, handle, fields })) return ok({ id, stamp: before.stamp })
  const refused = refusedHandle(turn, {
    id,
    act,
    before,
    handle: fields.includes('handle') ? handle : undefined,
    content,
  })
  if (refused !== undefined) return refused
  const stamp = turn.issue()
  const record = makeDeveloperRecord({
    id,
    publicKey,
    birth: before?.birth ?? stamp,
    stamp,
    issuedAtMs: newestIssuedAt(turn.state.holdings.get(id), content),
    handleClaim: handle === undefined ? undefined : before?.handle?.text === handle ? before.handle.claim : stamp,
    acts: developerActsWith(actsBefore, act),
  })
  if (!record.ok) return record
  turn.join({ kind: 'developer', id, developer: record.value }, 'owner', { own: true })
  return ok({ id, stamp })
}

/** An update that sets no field, and the claim of a handle that it claims already, change nothing. */
const isNothingNew = (
  act: Act,
  now: { readonly before: DeveloperRecord; readonly handle: string | undefined; readonly fields: readonly string[] },
): boolean => now.fields.length === 0 || (act.kind === 'claim_handle' && now.before.handle?.text === now.handle)

/** N1: a handle is one developer's, a developer has one, and only what it claims can it release. */
const refusedHandle = (
  turn: Turn,
  of: {
    readonly id: DeveloperId
    readonly act: Act
    readonly before: DeveloperRecord | undefined
    /** The handle that this act claims. */
    readonly handle: string | undefined
    readonly content: ActContent
  },
): Failure | undefined => {
  const { claims } = turn.state
  const { id, act, before, handle, content } = of
  if (act.kind === 'release_handle' && before?.handle?.text !== content.body.handle) {
    return fail('not_found', `${id} claims no handle ${JSON.stringify(content.body.handle ?? '')}`)
  }
  if (handle === undefined) return undefined
  const holder = claims.holder(handleKey(handle))
  if (holder !== undefined && holder !== id) {
    return fail('conflict_duplicate_name', `the handle ${handle} is held by ${holder}`, { holder })
  }
  const own = before?.handle?.text
  if (own === undefined || own === handle || claims.holder(handleKey(own)) !== id) return undefined
  return fail('conflict_duplicate_name', `${id} holds the handle ${own}; a developer has one, and releases it first`, {
    holder: id,
    handle: own,
  })
}

/** T1: what remains is a tombstone with the signed evidence. Entities of the developer stay: their keys are their own. */
const deregister = (turn: Turn, { id, act, publicKey }: DevelopersAct, content: ActContent): ActResult => {
  if (act.form === 'native' && content.body.developer_id !== id) {
    return fail('id_mismatch', 'the signed body names another developer')
  }
  const tombstone = makeTombstone({
    id,
    publicKey,
    stamp: turn.issue(),
    issuedAtMs: newestIssuedAt(turn.state.holdings.get(id), content),
    act,
    proof: undefined,
  })
  if (!tombstone.ok) return tombstone
  turn.join({ kind: 'tombstone', id, tombstone: tombstone.value }, 'owner', { own: true })
  return ok({ id, stamp: tombstone.value.stamp })
}
