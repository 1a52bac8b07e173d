/**
 * M4: what a node finds further ahead in its own store than its clock allows. A clock was wrong when it was written, and
 * every peer whose clock is right refused it.
 *
 * While a node's clock is ahead it knows nothing of it. Once it has followed a step back (L4), everything it stamped since
 * is ahead, and its hybrid clock with it: whatever it said next would be refused, too. So that clock starts anew, below
 * what is withdrawn. Rejected: waiting until time has caught up. For that long the node could register nobody, keep nobody
 * alive, and its acknowledged writes would be known to nobody.
 */
import {
  actsOf,
  compareStamps,
  developerActsOf,
  type EntityId,
  type Entry,
  makeDeveloperRecord,
  makeRecord,
  makeTombstone,
  type Result,
  type Stamp,
} from '@rollcall/protocol'
import { ownerStamp } from './merge/order.ts'
import { delBeat, putClock } from './rows.ts'
import { type Holding, presenceOf } from './state.ts'
import type { Turn } from './turn.ts'

/** Drops beats and presences that are ahead. Idle where none is. */
export const withdrawFuture = (turn: Turn, holding: Holding): void => {
  const { state } = turn
  const { entry, beat } = holding
  const limitMs = turn.nodeMs + state.settings.skewMs
  if ((state.endedBeats.get(entry.id)?.timeMs ?? 0) > limitMs) state.endedBeats.delete(entry.id)
  if (beat !== undefined && beat.beat.timeMs > limitMs) {
    holding.beat = undefined
    state.leases.end(entry.id)
    state.unflushed.delete(entry.id)
    turn.store.push(delBeat(entry.id))
  }
  if (entry.kind !== 'record' || entry.presence === undefined) return
  const { presence } = entry
  if (Math.max(presence.stamp.wallMs, presence.beat.timeMs) <= limitMs) return
  state.leases.end(entry.id)
  turn.set(entry.id, { ...entry, presence: undefined }, 'stamp_future', { own: false })
}

/**
 * Withdraws everything that is ahead and starts the hybrid clock anew, where that clock is ahead itself; idle otherwise.
 * Costs a walk over all entries, and a stamp for each that this node wrote ahead: once for each clock that was mended.
 */
export const startClockAnew = (turn: Turn): void => {
  const { state } = turn
  const { skewMs } = state.settings
  // A peer may be ahead by one skew, and a restart set this node's clock back by another: that is no wrong clock.
  if (state.hybrid.wallMs <= turn.nodeMs + 2 * skewMs) return
  const limitMs = turn.nodeMs + skewMs
  const ahead: Entry[] = []
  for (const holding of state.holdings.values()) {
    withdrawFuture(turn, holding)
    if (newestStamp(holding.entry).wallMs > limitMs) ahead.push(holding.entry)
  }
  // In the order in which they were written, so that the first to claim a name stays the first.
  ahead.sort((a, b) => compareStamps(newestStamp(a), newestStamp(b)))
  const own = ahead.filter((entry) => newestStamp(entry).node === state.self)
  for (const entry of ahead) if (newestStamp(entry).node !== state.self) turn.remove(entry.id)
  forgetFutureOfOthers(turn, limitMs)
  state.hybrid.restart(turn.nodeMs)
  for (const { item } of state.holdings.values()) if (item.stamp.wallMs <= limitMs) state.hybrid.observe(item.stamp)
  for (const entry of own) turn.set(entry.id, restamped(turn, entry, limitMs), 'stamp_future', { own: true })
  turn.store.push(putClock(Math.max(turn.nodeMs, state.hybrid.wallMs)))
}

/** The last write of the owner's side: what another node wrote ahead is its to write anew, and refused like news of it. */
const newestStamp = (entry: Entry): Stamp => {
  if (entry.kind === 'record') return entry.record.stamp
  return entry.kind === 'developer' ? entry.developer.stamp : ownerStamp(entry)
}

/** Stamps of an entry that come before its newest one. */
const earlierStamps = (entry: Entry): readonly Stamp[] => {
  if (entry.kind === 'developer') {
    const { birth, handle } = entry.developer
    return handle === undefined ? [birth] : [birth, handle.claim]
  }
  if (entry.kind !== 'record') return []
  const { birth, nameClaim, binding } = entry.record
  return binding === undefined ? [birth, nameClaim] : [birth, nameClaim, binding.claim]
}

const restamped = (turn: Turn, entry: Entry, limitMs: number): Entry => {
  // What is kept may be ahead by less than the skew, and the new stamp must lie above it.
  for (const earlier of earlierStamps(entry)) if (earlier.wallMs <= limitMs) turn.state.hybrid.observe(earlier)
  const stamp = turn.issue()
  if (entry.kind === 'grave') return { ...entry, grave: { ...entry.grave, stamp } }
  // The clock of its owner was ahead with that of the node; kept, it would be refused, and every honest act be stale.
  const ownersTime = (issuedAtMs: number): number => (issuedAtMs > limitMs ? Math.floor(turn.nodeMs) : issuedAtMs)
  if (entry.kind === 'tombstone') {
    const { tombstone } = entry
    const made = makeTombstone({ ...tombstone, stamp, issuedAtMs: ownersTime(tombstone.issuedAtMs) })
    return { kind: 'tombstone', id: entry.id, tombstone: readable(made) }
  }
  const kept = (old: Stamp): Stamp => (old.wallMs > limitMs ? stamp : old)
  if (entry.kind === 'developer') {
    const { developer } = entry
    const made = makeDeveloperRecord({
      ...developer,
      birth: kept(developer.birth),
      stamp,
      handleClaim: developer.handle && kept(developer.handle.claim),
      issuedAtMs: ownersTime(developer.issuedAtMs),
      acts: developerActsOf(developer),
    })
    return { kind: 'developer', id: entry.id, developer: readable(made) }
  }
  const { record } = entry
  const birth = kept(record.birth)
  const made = makeRecord({
    ...record,
    birth,
    stamp,
    nameClaim: kept(record.nameClaim),
    bindingClaim: record.binding && kept(record.binding.claim),
    issuedAtMs: ownersTime(record.issuedAtMs),
    acts: actsOf(record),
  })
  const presence = birth === record.birth ? entry.presence : undefined
  return { kind: 'record', id: entry.id, record: readable(made), presence }
}

/** It was held until now, and only times in it have changed. */
const readable = <T>(made: Result<T>): T => {
  if (!made.ok) throw new Error(`an entry cannot be stamped anew: ${made.message}`)
  return made.value
}

/** Who was heard under a stamp ahead would otherwise not be heard again before time has caught up (L6). */
const forgetFutureOfOthers = (turn: Turn, limitMs: number): void => {
  const { state } = turn
  const isAhead = (stamp: Stamp | undefined): boolean => stamp !== undefined && stamp.wallMs > limitMs
  if (isAhead(state.reaffirmUpTo)) state.reaffirmUpTo = undefined
  for (const member of state.members.all()) {
    if (!isAhead(member.lastStamp)) continue
    if (isAhead(member.verdict)) member.verdict = undefined
    // A verdict names a stamp that was heard, too: it may be all that is left of its node.
    member.lastStamp = laterOf(newestOf(turn, state.attended.get(member.id)), member.verdict)
    member.status = undefined
  }
}

/** What a node was heard to say of the entities it attends. */
const newestOf = (turn: Turn, ids: Iterable<EntityId> | undefined): Stamp | undefined => {
  let newest: Stamp | undefined
  for (const id of ids ?? []) {
    const holding = turn.state.holdings.get(id)
    const stamp = holding === undefined ? undefined : presenceOf(holding.entry)?.stamp
    newest = laterOf(newest, stamp)
  }
  return newest
}

const laterOf = (a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  return compareStamps(a, b) >= 0 ? a : b
}
