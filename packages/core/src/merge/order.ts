/** The two total orders of the merge: acts of an owner (M2), and presences of one birth (M3). */
import {
  compareBytes,
  compareStamps,
  compareText,
  type DeveloperRecord,
  type EntityRecord,
  type Entry,
  type Presence,
  type Stamp,
} from '@rollcall/protocol'

/** What an entry counts as among the acts of its owner: a live record as its birth, a tombstone or grave as its own stamp. */
export const ownerStamp = (entry: Entry): Stamp => {
  if (entry.kind === 'record') return entry.record.birth
  if (entry.kind === 'developer') return entry.developer.birth
  return entry.kind === 'tombstone' ? entry.tombstone.stamp : entry.grave.stamp
}

/** M2. Zero for two states of one act: the same record, or the same death before and after purge. */
export const compareOwnerActs = (a: Entry, b: Entry): number => {
  const byStamp = compareStamps(ownerStamp(a), ownerStamp(b))
  if (byStamp !== 0) return byStamp
  const [left, right] = [liveRecord(a), liveRecord(b)]
  if (left !== undefined && right !== undefined) {
    return compareStamps(left.stamp, right.stamp) || compareBytes(left.bytes, right.bytes)
  }
  return Number(left === undefined) - Number(right === undefined)
}

/** The record of a live entity or developer; undefined for what remains of a dead one. */
export const liveRecord = (entry: Entry): EntityRecord | DeveloperRecord | undefined => {
  if (entry.kind === 'record') return entry.record
  return entry.kind === 'developer' ? entry.developer : undefined
}

/** M3. Zero only for equal bytes. Silence after a beat is a later fact than the beat, so `inactive` outranks `active`. */
export const comparePresences = (a: Presence, b: Presence): number =>
  a.beat.timeMs - b.beat.timeMs ||
  compareText(a.attendant, b.attendant) ||
  Number(a.status === 'inactive') - Number(b.status === 'inactive') ||
  compareStamps(a.stamp, b.stamp) ||
  compareBytes(a.bytes, b.bytes)
