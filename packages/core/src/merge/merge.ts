/**
 * The join of two states of one entity, or of one developer (M1): commutative, associative, idempotent, so that loss, duplication and reordering
 * of messages are harmless. The same function serves gossip, sync and a node's own writes.
 *
 * Two states of one death, the tombstone and the grave that purge leaves of it, are the same item (T4): joining them keeps
 * the one that is held.
 */
import { compareStamps, type Delta, type Entry, type SignedPresence } from '@rollcall/protocol'
import { compareOwnerActs, comparePresences } from './order.ts'

/**
 * `held` joined with `delta`. Returns `held` itself where nothing changes. A presence alone joins only the record of its
 * birth; elsewhere it changes nothing (M3).
 */
export const merge = (held: Entry | undefined, delta: Delta): Entry | undefined => {
  if (delta.kind === 'presence') {
    if (held?.kind !== 'record' || compareStamps(held.record.birth, delta.presence.birth) !== 0) return held
    return withPresence(held, delta.presence)
  }
  const entry = withCountingPresence(delta)
  if (held === undefined) return entry
  const order = compareOwnerActs(held, entry)
  const winner = order >= 0 ? held : entry
  const loser = order >= 0 ? entry : held
  if (winner.kind !== 'record' || loser.kind !== 'record') return winner
  if (compareStamps(winner.record.birth, loser.record.birth) !== 0 || loser.presence === undefined) return winner
  return withPresence(winner, loser.presence)
}

type RecordEntry = Extract<Entry, { kind: 'record' }>

const withPresence = (entry: RecordEntry, presence: SignedPresence): RecordEntry =>
  entry.presence !== undefined && comparePresences(entry.presence, presence) >= 0 ? entry : { ...entry, presence }

/** A presence of another birth than its record's counts for nothing, whoever sent the two together. */
const withCountingPresence = (entry: Entry): Entry =>
  entry.kind === 'record' &&
  entry.presence !== undefined &&
  compareStamps(entry.presence.birth, entry.record.birth) !== 0
    ? { ...entry, presence: undefined }
    : entry
