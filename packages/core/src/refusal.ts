/**
 * Which entries of peers are not joined though their signatures hold: those ahead of the clock (M4), those that nobody here
 * has reason to believe (I3, T3), and those that mean nothing yet (G3).
 */
import { compareStamps, type Delta, equalBytes, type NodeId } from '@rollcall/protocol'
import type { RefusalReason } from './effects.ts'
import { ownerStamp } from './merge/order.ts'
import type { Turn } from './turn.ts'

/** Why `delta` from the peer `from` must not be joined; undefined where it may be. */
export const refusalOf = (turn: Turn, delta: Delta, from: NodeId): RefusalReason | undefined => {
  const { state } = turn
  const held = state.holdings.get(delta.id)?.entry
  if (isFuture(turn, delta)) return 'stamp_future'
  if (delta.kind === 'grave' && held !== undefined && compareStamps(delta.grave.stamp, ownerStamp(held)) > 0) {
    // A peer synced with lately must still have the evidence; a bare grave from it proves nothing (T3), also where it
    // would only date the death of a held tombstone later: a registration in between would be lost to it.
    const syncedMs = state.members.get(from)?.syncedMs ?? -1
    const believedAfterMs = state.settings.retentionMs - 2 * state.settings.skewMs
    if (syncedMs >= 0 && turn.nodeMs - syncedMs <= believedAfterMs) return 'grave_unproven'
  }
  if (delta.kind === 'tombstone' && delta.tombstone.act.by === 'developer' && held?.kind === 'record') {
    const owner = held.record.profile.developerProof?.publicKey
    const signer = delta.tombstone.proof?.publicKey
    if (owner === undefined || signer === undefined || !equalBytes(owner, signer)) return 'foreign_developer'
  }
  if (delta.kind !== 'presence') return undefined
  const known = held === undefined ? -1 : compareStamps(ownerStamp(held), delta.presence.birth)
  return known < 0 ? 'unknown_record' : undefined
}

/** M4. An owner's time was within the skew of a node that was itself within the skew of this one. */
export const isFuture = (turn: Turn, delta: Delta): boolean => {
  const { skewMs } = turn.state.settings
  const { times, issuedAtMs } = timesOf(delta)
  return times.some((ms) => ms > turn.nodeMs + skewMs) || issuedAtMs > turn.nodeMs + 2 * skewMs
}

/** Every time in a delta that M4 bounds, apart from those of its presence beside a record: that is judged by itself. */
const timesOf = (delta: Delta): { readonly times: readonly number[]; readonly issuedAtMs: number } => {
  switch (delta.kind) {
    case 'record': {
      // Every other stamp of a record is not later than its own.
      const { birth, stamp, nameClaim, issuedAtMs } = delta.record
      return { times: [birth.wallMs, stamp.wallMs, nameClaim.wallMs], issuedAtMs }
    }
    case 'developer': {
      const { birth, stamp, issuedAtMs } = delta.developer
      return { times: [birth.wallMs, stamp.wallMs], issuedAtMs }
    }
    case 'presence':
      return { times: [delta.presence.stamp.wallMs, delta.presence.beat.timeMs], issuedAtMs: 0 }
    case 'tombstone':
      return { times: [delta.tombstone.stamp.wallMs], issuedAtMs: delta.tombstone.issuedAtMs }
    case 'grave':
      return { times: [delta.grave.stamp.wallMs], issuedAtMs: 0 }
  }
}
