/** The two total orders of the merge: acts of an owner (M2), and presences of one birth (M3). */
import { compareBytes, compareStamps, compareText, type Entry, type Presence, type Stamp } from '@rollcall/protocol'

/** What an entry counts as among the acts of its owner: a record as its birth, a tombstone or grave as its own stamp. */
export const ownerStamp = (entry: Entry): Stamp => {
  if (entry.kind === 'record') return entry.record.birth
  return entry.kind === 'tombstone' ? entry.tombstone.stamp : entry.grave.stamp
}

/** M2. Zero for two states of one act: the same record, or the same death before and after purge. */
export const compareOwnerActs = (a: Entry, b: Entry): number => {
  const byStamp = compareStamps(ownerStamp(a), ownerStamp(b))
  if (byStamp !== 0) return byStamp
  if (a.kind === 'record' && b.kind === 'record') {
    return compareStamps(a.record.stamp, b.record.stamp) || compareBytes(a.record.bytes, b.record.bytes)
  }
  return Number(a.kind !== 'record') - Number(b.kind !== 'record')
}

/** M3. Zero only for equal bytes. Silence after a beat is a later fact than the beat, so `inactive` outranks `active`. */
export const comparePresences = (a: Presence, b: Presence): number =>
  a.beat.timeMs - b.beat.timeMs ||
  compareText(a.attendant, b.attendant) ||
  Number(a.status === 'inactive') - Number(b.status === 'inactive') ||
  compareStamps(a.stamp, b.stamp) ||
  compareBytes(a.bytes, b.bytes)
