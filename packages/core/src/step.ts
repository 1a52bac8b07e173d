/**
 * The whole behaviour of the registry: what a node decides when something happens to it.
 *
 * Every event (a beat, an owner's act, a peer's entries, a timer) enters here and nowhere else; effects leave as data.
 * There is no `await`, no clock, no chance and no I/O in this file, so a seeded simulator runs the code that ships.
 * Signatures were verified before: the step decides authority and order.
 *
 * Invariants:
 * 1. Only `expire` moves an entity to inactive for silence (L11); a goodbye is the entity's own word.
 * 2. Nothing becomes active without a beat accepted here, or a peer's presence with its evidence (I3).
 * 3. A change of an entry goes through `merge`, also when it is our own (M1).
 * 4. What a verdict covers is only shown differently; no entry changes (L6).
 */
import {
  type BeatOutcome,
  type Cause,
  compareStamps,
  type Delta,
  type EntityId,
  type Stamp,
  type Status,
} from '@rollcall/protocol'
import { type ActResult, deregister, register, update } from './acts.ts'
import { developerAct } from './developer-acts.ts'
import type { Effects } from './effects.ts'
import type { RegistryInput, Token } from './events.ts'
import { flush, flushBeats, sweep, tick } from './housekeeping.ts'
import { comparePresences } from './merge/order.ts'
import { nameAct } from './name-acts.ts'
import { isFuture, refusalOf } from './refusal.ts'
import { type Holding, NO_SESSION, type PrivateBeat, presenceOf, type RegistryState } from './state.ts'
import { type StepEnv, Turn } from './turn.ts'

type Input<T extends RegistryInput['type']> = Extract<RegistryInput, { type: T }>

/** Decides on `events` in order, changing `state`. Never throws on decoded input. */
export const step = (state: RegistryState, events: readonly RegistryInput[], env: StepEnv): Effects => {
  const turn = new Turn(state, env)
  forgiveLateness(turn)
  for (const event of events) decide(turn, event)
  return turn.seal()
}

const decide = (turn: Turn, event: RegistryInput): void => {
  switch (event.type) {
    case 'beat': {
      const outcome = judgeBeat(turn, event)
      const holding = turn.state.holdings.get(event.id)
      const status: Status = holding !== undefined && turn.state.shownNow(holding) === 'active' ? 'active' : 'inactive'
      turn.answers.push({ token: event.token, kind: 'beat', outcome, status })
      return
    }
    case 'register':
      return answer(turn, event.token, register(turn, event.act))
    case 'update':
      return answer(turn, event.token, update(turn, event))
    case 'deregister':
      return answer(turn, event.token, deregister(turn, event))
    case 'developer':
      return answer(turn, event.token, developerAct(turn, event))
    case 'name':
      return answer(turn, event.token, nameAct(turn, event))
    case 'deltas':
      for (const delta of event.deltas) learn(turn, delta, event)
      return
    case 'heard':
      return hear(turn, event)
    case 'status':
      return hearStatus(turn, event)
    case 'verdict':
      return heedVerdict(turn, event.lastStamp)
    case 'synced':
      return completeSync(turn, event)
    case 'tick':
      return tick(turn, expire)
    case 'sweep':
      return sweep(turn, event.ids)
    case 'flush_beats':
      return flushBeats(turn, event.limit)
    case 'flush':
      return flush(turn)
  }
}

/** Tells whoever waits what became of an act, and promises durability where it was accepted. */
const answer = (turn: Turn, token: Token, result: ActResult): void => {
  if (result.ok) turn.durable = true
  turn.answers.push({ token, kind: 'act', result })
}

// ── Beats ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** L2, L7, L8: the one outcome of a beat whose signature holds. */
const judgeBeat = (turn: Turn, event: Input<'beat'>): BeatOutcome => {
  const { state } = turn
  const { id, beat } = event
  // An announcement is a write, and bears a stamp that an empty store cannot know to be new (S4).
  if (!state.ready) return 'storage_error'
  const holding = state.holdings.get(id)
  if (holding === undefined) return 'not_found'
  if (holding.entry.kind !== 'record') return 'deregistered'
  if (beat.form !== 'native' && !state.settings.zyndSignatures) return 'signature_invalid'
  // Bound to another node, it is not this node's to attend: every peer would refuse the presence (L10).
  if (beat.node !== undefined && beat.node !== state.self) return 'signature_invalid'
  if (Math.abs(beat.timeMs - turn.nodeMs) > state.settings.skewMs) return 'skew'
  const newestMs = state.newestBeatMs(id)
  if (beat.timeMs === newestMs) {
    noticeEcho(turn, holding, event)
    return 'duplicate'
  }
  if (beat.timeMs < newestMs) return 'stale'

  const firstOfSession = holding.beat?.sessionId !== event.sessionId
  noticeDuplicate(turn, holding, event)
  holding.beat = {
    beat,
    acceptedMs: turn.nodeMs,
    sessionId: event.sessionId,
    address: event.address,
    health: event.health ?? holding.beat?.health,
  }
  state.unflushed.add(id)
  if (beat.status === 'inactive') sayGoodbye(turn, holding, holding.beat)
  else attend(turn, holding, firstOfSession)
  return 'accepted'
}

/** An accepted beat renews the lease; whether it is announced, L7 decides. */
const attend = (turn: Turn, holding: Holding, firstOfSession: boolean): void => {
  const { state } = turn
  state.leases.grant(holding.entry.id, turn.monotonicMs + state.settings.thresholdMs)
  const cause = announcementDue(turn, holding, firstOfSession)
  if (cause !== undefined) announceBeat(turn, holding, cause)
  // A private beat may show again what a verdict hid.
  else if (state.shownNow(holding) !== holding.shown) turn.touch(holding.entry.id, 'beat')
}

/** Why the beat just accepted must be announced now; undefined where it stays private. */
const announcementDue = (turn: Turn, holding: Holding, firstOfSession: boolean): Cause | undefined => {
  const { state, monotonicMs } = turn
  const presence = presenceOf(holding.entry)
  if (presence === undefined || presence.status === 'inactive') return 'session'
  const { attendant, stamp } = presence
  if (attendant === state.self) {
    return state.reaffirmUpTo !== undefined && compareStamps(stamp, state.reaffirmUpTo) <= 0 ? 'reaffirmed' : undefined
  }
  const dampedMs = 2 * state.settings.intervalMs
  // Two processes with one key would otherwise pass the entity to and fro with every reconnection.
  const duplicate = holding.duplicateMs !== undefined && monotonicMs - holding.duplicateMs < dampedMs
  if (firstOfSession && !duplicate) return 'session'
  if (state.members.covers(attendant, stamp)) return 'reaffirmed'
  return monotonicMs - holding.presenceSinceMs >= dampedMs ? 'roamed' : undefined
}

const announceBeat = (turn: Turn, holding: Holding, cause: Cause): void => {
  const { entry, beat } = holding
  if (entry.kind !== 'record' || beat === undefined) return
  turn.announce(entry.id, { birth: entry.record.birth, status: 'active', beat: beat.beat, cause })
}

/** A goodbye is the entity's own word, and ends the lease (I3). */
const sayGoodbye = (turn: Turn, holding: Holding, { beat }: PrivateBeat): void => {
  const { entry } = holding
  turn.state.leases.end(entry.id)
  if (entry.kind !== 'record' || entry.presence?.status !== 'active') return
  turn.announce(entry.id, { birth: entry.record.birth, status: 'inactive', beat, cause: 'goodbye' })
}

/** The one component that moves an entity to inactive for silence (L3, L11): called for leases that ran out. */
const expire = (turn: Turn, id: EntityId): void => {
  const holding = turn.state.holdings.get(id)
  if (holding?.entry.kind !== 'record') return
  const { record, presence } = holding.entry
  if (presence?.status !== 'active' || presence.attendant !== turn.state.self) return turn.touch(id, 'silence')
  const held = holding.beat?.beat
  const beat = held !== undefined && held.timeMs > presence.beat.timeMs ? held : presence.beat
  turn.announce(id, { birth: record.birth, status: 'inactive', beat, cause: 'silence' })
}

/**
 * L8: the newest session of an entity supersedes the one that beat here before it, once it has proved its key by a beat; a
 * session that beats on after it, or after another node announced the entity, is a second process.
 */
const noticeDuplicate = (turn: Turn, holding: Holding, event: Input<'beat'>): void => {
  const previous = holding.beat
  const { id, sessionId, address } = event
  if (previous !== undefined && previous.sessionId !== NO_SESSION && previous.sessionId < sessionId)
    turn.revoke.push({ id, reason: 'superseded', sessionId: previous.sessionId })
  const overtaken = holding.overtakenSession === sessionId
  const olderSession = previous !== undefined && sessionId < previous.sessionId
  if (!overtaken && !olderSession) return
  holding.overtakenSession = undefined
  holding.duplicateMs = turn.monotonicMs
  const other = olderSession ? previous.address : (presenceOf(holding.entry)?.attendant ?? 'unknown')
  turn.notices.push({ type: 'duplicate_instance', id, address, other })
}

/**
 * L8: two processes that beat in the same second look like one that repeats itself, as a client may after a reconnection.
 * But a session that is late once more, with a beat of another time, repeats nothing of its own.
 */
const noticeEcho = (turn: Turn, holding: Holding, { id, sessionId, address, beat }: Input<'beat'>): void => {
  const accepted = holding.beat
  if (accepted === undefined || accepted.sessionId === NO_SESSION || accepted.sessionId === sessionId) return
  const { echo } = holding
  holding.echo = { sessionId, timeMs: beat.timeMs }
  if (echo?.sessionId !== sessionId || echo.timeMs === beat.timeMs) return
  holding.duplicateMs = turn.monotonicMs
  turn.notices.push({ type: 'duplicate_instance', id, address, other: accepted.address })
}

// ── What peers say ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Joins an entry of a peer, unless a rule refuses it. */
const learn = (turn: Turn, sent: Delta, event: Input<'deltas'>): void => {
  const delta = withoutFuturePresence(turn, sent, event)
  const refusal = refusalOf(turn, delta, event.from)
  if (refusal !== undefined) {
    turn.notices.push({ type: 'refused', id: delta.id, from: event.from, reason: refusal })
    if (refusal === 'unknown_record') turn.fetch.push({ id: delta.id, from: event.from })
    if (refusal === 'stamp_future' || refusal === 'grave_unproven') turn.state.members.refused(event.from)
    return
  }
  const presence = delta.kind === 'record' || delta.kind === 'presence' ? delta.presence : undefined
  if (presence !== undefined) {
    hear(turn, {
      node: presence.attendant,
      stamp: presence.stamp,
      ageMs: Math.max(0, turn.nodeMs - presence.stamp.wallMs),
    })
  }
  const held = turn.state.holdings.get(delta.id)
  const before = held === undefined ? undefined : presenceOf(held.entry)
  const holding = turn.join(delta, presence?.cause ?? 'owner', { own: false })
  const after = holding === undefined ? undefined : presenceOf(holding.entry)
  if (holding === undefined || after === undefined) return
  // An update travels with the presence its sender holds: only one that differs is news of who attends.
  if (before !== undefined && comparePresences(before, after) === 0) return
  // A session elsewhere beat on after this node announced another: each new one here would take the entity back (L8).
  if (before?.attendant === turn.state.self && after.cause === 'roamed') holding.duplicateMs = turn.monotonicMs
  settleAttendance(turn, holding)
}

/** M4: a record is not the hostage of the presence it travels with, whose clock was another's. */
const withoutFuturePresence = (turn: Turn, delta: Delta, { from }: Input<'deltas'>): Delta => {
  if (delta.kind !== 'record' || delta.presence === undefined) return delta
  const { id, presence } = delta
  if (!isFuture(turn, { kind: 'presence', id, presence })) return delta
  turn.notices.push({ type: 'refused', id, from, reason: 'stamp_future' })
  return { ...delta, presence: undefined }
}

/** L3, L7: who attends now, after a peer's word about the presence of an entity was joined. */
const settleAttendance = (turn: Turn, holding: Holding): void => {
  const { state } = turn
  const { entry, beat } = holding
  const presence = presenceOf(entry)
  if (presence === undefined) return
  const newer = beat !== undefined && beat.beat.timeMs > presence.beat.timeMs ? beat : undefined
  // A goodbye is a beat too: a newer one answers what was heard (I3).
  if (newer?.beat.status === 'inactive') return sayGoodbye(turn, holding, newer)
  const leased = state.leases.deadlineMs(entry.id) !== undefined
  if (leased && newer !== undefined) return announceBeat(turn, holding, 'reaffirmed')
  if (presence.attendant === state.self) {
    const held = leased && beat?.beat.timeMs === presence.beat.timeMs
    // Our own word, lost here in a crash, a wipe or an old copy: a full term from learning it.
    if (presence.status === 'inactive') state.leases.end(entry.id)
    else if (!held) state.leases.grant(entry.id, turn.monotonicMs + state.settings.thresholdMs)
    return
  }
  state.leases.end(entry.id)
  if (beat === undefined || presence.status === 'inactive') return
  holding.overtakenSession = beat.sessionId
  if (presence.cause === 'session') turn.revoke.push({ id: entry.id, reason: 'superseded', sessionId: beat.sessionId })
}

/** L6: a later stamp signed by a node, by whatever path. M4: this node's clock moves past every stamp it hears. */
const hear = (
  turn: Turn,
  heard: { readonly node: Input<'heard'>['node']; readonly stamp: Stamp; readonly ageMs: number },
): void => {
  const { state } = turn
  if (heard.stamp.wallMs > turn.nodeMs + state.settings.skewMs) return
  state.hybrid.observe(heard.stamp)
  state.members.hear(heard.node, heard.stamp, { nowMs: turn.monotonicMs, ageMs: heard.ageMs })
}

const hearStatus = (turn: Turn, { origin, status }: Input<'status'>): void => {
  const { state } = turn
  const limitMs = turn.nodeMs + state.settings.skewMs
  state.members.readClock(status.stamp, status.clockMs - turn.nodeMs, { nowMs: turn.monotonicMs, limitMs })
  hear(turn, { node: origin, stamp: status.stamp, ageMs: 0 })
  const member = state.members.get(origin)
  // Refused as ahead of the clock, or from one node too many.
  if (member?.lastStamp === undefined || compareStamps(member.lastStamp, status.stamp) < 0) return
  // A relayed older one says nothing new; one that a later message of its node overtook does.
  if (member.status !== undefined && compareStamps(member.status.stamp, status.stamp) >= 0) return
  member.status = status
  if (status.audit.number > (member.auditHead?.number ?? 0)) member.auditHead = status.audit
  for (const { node, lastStamp } of status.verdicts) if (node === state.self) heedVerdict(turn, lastStamp)
}

/** L6: what a peer's verdict covers is announced again, at the next accepted beat of each entity. */
const heedVerdict = (turn: Turn, lastStamp: Stamp): void => {
  const { state } = turn
  if (lastStamp.wallMs > turn.nodeMs + state.settings.skewMs) return
  state.hybrid.observe(lastStamp)
  if (state.reaffirmUpTo === undefined || compareStamps(lastStamp, state.reaffirmUpTo) > 0)
    state.reaffirmUpTo = lastStamp
}

const completeSync = (turn: Turn, { peer, startedMs }: Input<'synced'>): void => {
  const { members } = turn.state
  const member = members.get(peer) ?? members.add(peer, turn.monotonicMs)
  // What was refused is not held: such a sync makes no empty node ready (S4), and no peer one that must have evidence (T3).
  if (members.takeRefused(peer)) {
    turn.notices.push({ type: 'sync_refused', peer, ready: turn.state.ready })
    return
  }
  member.syncedMs = Math.max(member.syncedMs, startedMs)
  turn.state.ready = true
}

// ── Lateness ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** L4: turns come at least once a tick; a much longer gap means that this process was not there, and says nothing of others. */
const forgiveLateness = (turn: Turn): void => {
  const { state } = turn
  const gapMs = turn.monotonicMs - state.lastTurnMs
  state.lastTurnMs = turn.monotonicMs
  if (gapMs <= 4 * state.settings.tickMs) return
  const lateMs = gapMs - state.settings.tickMs
  state.leases.forgive(lateMs)
  state.members.forgive(lateMs, turn.monotonicMs)
  turn.notices.push({ type: 'late', lateMs })
}
