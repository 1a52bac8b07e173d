/** What a node does by the clock: expiry, verdicts, purge, the sweep that is the safety net, and the flush to disk. */
import { compareStamps, type EntityId } from '@rollcall/protocol'
import type { Member } from './members.ts'
import { delMember, putBeat, putClock, putEntry, putMember } from './rows.ts'
import { presenceOf, type RegistryState } from './state.ts'
import type { Turn } from './turn.ts'
import { startClockAnew, withdrawFuture } from './withdraw.ts'

/**
 * Most leases ended, tombstones purged or views reviewed in one tick, so that no turn holds the loop for long: an expiry
 * costs some 0.1 to 0.25 ms. A power of two, for the tree of the word over them; a small one makes short paths (I3).
 */
const WORK_PER_TICK_MAX = 32

export const tick = (turn: Turn, expire: (turn: Turn, id: EntityId) => void): void => {
  const { state } = turn
  considerClock(turn)
  // Two ticks may share a turn, when the disk was slow.
  for (const id of state.leases.expire(turn.monotonicMs, WORK_PER_TICK_MAX - turn.expired)) {
    expire(turn, id)
    turn.expired++
  }
  if (turn.expired === WORK_PER_TICK_MAX) turn.isUnfinished = true
  for (const member of state.members.all()) reachVerdict(turn, member)
  review(turn)
  storeAnew(turn)
  purge(turn)
  for (const [id, ended] of state.endedBeats) {
    if (ended.untilMs > turn.nodeMs) break
    state.endedBeats.delete(id)
  }
}

/** L4: a step of the system clock is followed only when the nodes heard agree with it. */
const considerClock = (turn: Turn): void => {
  const { state } = turn
  const { wallMs, monotonicMs } = turn
  const peerOffsetsMs = state.members.clockOffsetsMs(monotonicMs)
  const toleranceMs = state.settings.skewMs
  const { followed, deviationMs } = state.steady.consider({ wallMs, monotonicMs, peerOffsetsMs, toleranceMs })
  if (followed) {
    const stepMs = state.steady.at(monotonicMs) - turn.nodeMs
    turn.nodeMs += stepMs
    shiftTimes(turn, stepMs)
  }
  startClockAnew(turn)
  if (followed || Math.abs(deviationMs) > toleranceMs) turn.notices.push({ type: 'clock', followed, deviationMs })
}

/**
 * L4: what this node measured by its own clock goes with the clock, or the step would count as time that passed (retention
 * of a tombstone, silence of a beat), or take back time that did. Costs a walk over all entries, once for each step.
 */
const shiftTimes = (turn: Turn, stepMs: number): void => {
  const { state } = turn
  for (const [id, holding] of state.holdings) {
    holding.heldMs = Math.max(0, holding.heldMs + stepMs)
    if (holding.entry.kind === 'tombstone') turn.store.push(putEntry(holding.entry, holding.heldMs))
    if (holding.beat === undefined) continue
    holding.beat = { ...holding.beat, acceptedMs: Math.max(0, holding.beat.acceptedMs + stepMs) }
    state.unflushed.add(id)
  }
  for (const [id, { timeMs, untilMs }] of state.endedBeats)
    state.endedBeats.set(id, { timeMs, untilMs: untilMs + stepMs })
  for (const member of state.members.all()) {
    // A step forward is time that may have passed: of a node set back to an old copy, whose clock began there, it has (T3).
    if (member.syncedMs >= 0) member.syncedMs = Math.max(0, member.syncedMs + Math.min(0, stepMs))
    if (member.clockOffsetMs !== undefined) member.clockOffsetMs -= stepMs
  }
}

/** L6: a node silent for the threshold is gone, by the verdict of this node alone. Nothing is written or sent. */
const reachVerdict = (turn: Turn, member: Member): void => {
  const { state } = turn
  if (member.lastStamp === undefined || state.members.state(member, turn.monotonicMs) !== 'gone') return
  if (member.verdict !== undefined && compareStamps(member.verdict, member.lastStamp) >= 0) return
  member.verdict = member.lastStamp
  const attended = state.attended.get(member.id)
  for (const id of attended ?? []) state.review.add(id)
  turn.notices.push({ type: 'verdict', node: member.id, lastStamp: member.lastStamp, entities: attended?.size ?? 0 })
}

const review = (turn: Turn): void => {
  let left = WORK_PER_TICK_MAX
  for (const id of turn.state.review) {
    if (left-- <= 0) {
      turn.isUnfinished = true
      return
    }
    turn.state.review.delete(id)
    turn.touch(id, 'attendant_gone')
  }
}

/** T2: writes since when tombstones are held that a start counted anew. */
const storeAnew = (turn: Turn): void => {
  const { state } = turn
  for (const id of state.heldAnew.splice(0, WORK_PER_TICK_MAX)) {
    const holding = state.holdings.get(id)
    if (holding?.entry.kind === 'tombstone') turn.store.push(putEntry(holding.entry, holding.heldMs))
  }
}

/**
 * T2, T3: a tombstone becomes a grave once the retention has passed and every known node has confirmed it by a complete
 * sync begun after it was held here. Tombstones are ordered by since when they are held, so the first that must wait
 * makes all after it wait.
 */
const purge = (turn: Turn): void => {
  const { state } = turn
  let left = WORK_PER_TICK_MAX
  for (const id of state.tombstones) {
    const holding = state.holdings.get(id)
    if (holding?.entry.kind !== 'tombstone') return
    if (turn.nodeMs - holding.heldMs < state.settings.retentionMs || !confirmed(turn, holding.heldMs)) return
    if (left-- <= 0) {
      turn.isUnfinished = true
      return
    }
    const { stamp } = holding.entry.tombstone
    turn.set(id, { kind: 'grave', id, grave: { id, stamp } }, 'retention', { own: false })
  }
}

const confirmed = (turn: Turn, heldMs: number): boolean => {
  const { members, settings } = turn.state
  for (const member of members.all()) {
    const forgotten = turn.monotonicMs - member.heardMs >= settings.forgetMs
    if (!forgotten && member.syncedMs <= heldMs) return false
  }
  return true
}

/** L3: the safety net. What the other paths did right, it finds nothing to do for. */
export const sweep = (turn: Turn, ids: readonly EntityId[]): void => {
  const { state } = turn
  for (const id of ids) {
    const holding = state.holdings.get(id)
    if (holding === undefined) continue
    withdrawFuture(turn, holding)
    const presence = presenceOf(holding.entry)
    if (
      presence?.status === 'active' &&
      presence.attendant === state.self &&
      state.leases.deadlineMs(id) === undefined
    ) {
      state.leases.grant(id, turn.monotonicMs + state.settings.thresholdMs)
    }
    if (state.shownNow(holding) !== holding.shown) turn.touch(id, presence === undefined ? 'stamp_future' : 'sweep')
  }
}

/** L5: private beats go to disk, at most `limit` of them, those first that wait the longest. */
export const flushBeats = (turn: Turn, limit: number): void => {
  const { state } = turn
  let left = limit
  for (const id of state.unflushed) {
    if (left-- <= 0) return
    const beat = state.holdings.get(id)?.beat
    if (beat !== undefined) turn.store.push(putBeat(id, beat))
    state.unflushed.delete(id)
  }
}

/** L5: beats, last stamps heard and verdicts go to disk; verdicts that cover nothing any more and forgotten nodes go. */
export const flush = (turn: Turn): void => {
  const { state } = turn
  flushBeats(turn, state.unflushed.size)
  for (const member of state.members.all()) {
    const covers = member.verdict !== undefined && coversAnything(state, member)
    // A gone node keeps its verdict, or the next tick would reach it anew and tell it as news.
    if (!covers && state.members.state(member, turn.monotonicMs) !== 'gone') member.verdict = undefined
    const silentMs = turn.monotonicMs - member.heardMs
    if (silentMs >= state.settings.forgetMs && !covers) {
      state.members.forget(member.id)
      turn.store.push(delMember(member.id))
    } else {
      const { lastStamp, verdict, syncedMs, auditHead } = member
      turn.store.push(putMember(member.id, { lastStamp, verdict, silentMs, syncedMs, auditHead }))
    }
  }
  turn.store.push(putClock(Math.max(turn.nodeMs, state.hybrid.wallMs)))
  // One sync for everything since the last flush, presences included: the store keeps the order of batches.
  turn.durable = true
}

const coversAnything = (state: RegistryState, member: Member): boolean => {
  for (const id of state.attended.get(member.id) ?? []) {
    const holding = state.holdings.get(id)
    const presence = holding === undefined ? undefined : presenceOf(holding.entry)
    if (presence !== undefined && state.members.covers(member.id, presence.stamp)) return true
  }
  return false
}
