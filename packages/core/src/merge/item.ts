/**
 * An entry as anti-entropy compares it (S1a): key, and a hash over what replicates. What a node concludes or knows for
 * itself (verdicts, private beats, health, evidence, purge) is in no item, so equal state is an equal digest.
 */
import { compareStamps, type EntityId, type Entry, encode, encodeStamp, type Stamp, sha256 } from '@rollcall/protocol'

export interface Item {
  readonly id: EntityId
  /** The greater of record stamp and presence stamp; the stamp of a dead entity before and after purge (T4). */
  readonly stamp: Stamp
  /** SHA-256 of the record bytes; the hash of the item for a dead entity. */
  readonly recordHash: Uint8Array
  /** SHA-256 of the presence bytes; of nothing where there is none. */
  readonly presenceHash: Uint8Array
  readonly hash: Uint8Array
}

/** What an item bears as the hash of a presence that is not there. */
export const NOTHING_HASH: Uint8Array = sha256(new Uint8Array())
const DOMAIN = 'rollcall/item/1'

/** The item of `entry`. `previous`, if given, is the item of the state before: hashes of unchanged parts are reused. */
export const itemOf = (entry: Entry, previous?: { readonly entry: Entry; readonly item: Item }): Item => {
  if (entry.kind === 'developer') {
    const { id, birth, stamp, bytes } = entry.developer
    const recordHash = sha256(bytes)
    const hash = sha256(encode([DOMAIN, encodeStamp(stamp), id, 'developer', encodeStamp(birth), recordHash]))
    return { id, stamp, recordHash, presenceHash: NOTHING_HASH, hash }
  }
  if (entry.kind !== 'record') {
    const stamp = entry.kind === 'tombstone' ? entry.tombstone.stamp : entry.grave.stamp
    const hash = sha256(encode([DOMAIN, encodeStamp(stamp), entry.id, 'dead']))
    return { id: entry.id, stamp, recordHash: hash, presenceHash: NOTHING_HASH, hash }
  }
  const { record, presence } = entry
  const sameRecord = previous?.entry.kind === 'record' && previous.entry.record === record
  const recordHash = sameRecord ? previous.item.recordHash : sha256(record.bytes)
  const presenceHash = presence === undefined ? NOTHING_HASH : sha256(presence.bytes)
  const stamp =
    presence !== undefined && compareStamps(presence.stamp, record.stamp) > 0 ? presence.stamp : record.stamp
  const hash = sha256(
    encode([DOMAIN, encodeStamp(stamp), entry.id, 'record', encodeStamp(record.birth), recordHash, presenceHash]),
  )
  return { id: entry.id, stamp, recordHash, presenceHash, hash }
}
