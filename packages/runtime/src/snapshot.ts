/**
 * The entries of a node in buckets, for one sync. Taken in slices with a pause between, so that a large set never holds the
 * event loop; what changes meanwhile is caught by the next sync, because the digests then still differ.
 */
import { type Clock, Digest, type Holding, type RegistryState } from '@rollcall/core'
import { DIGEST_BYTES, type EntityId, equalBytes } from '@rollcall/protocol'
import { BUCKETS, type ListedItem } from './sync-wire.ts'

const SLICE = 2_000

export interface Snapshot {
  readonly digest: Uint8Array
  readonly buckets: readonly (readonly EntityId[])[]
  readonly fingerprints: readonly Uint8Array[]
}

/** The bucket of an entity: the last byte of its id, which is part of a hash and so spreads evenly. */
export const bucketOf = (id: EntityId): number => Number.parseInt(id.slice(-2), 16)

export const takeSnapshot = async (state: RegistryState, clock: Clock): Promise<Snapshot> => {
  const digest = state.digest.fingerprint()
  const buckets: EntityId[][] = Array.from({ length: BUCKETS }, () => [])
  const sums = Array.from({ length: BUCKETS }, () => new Digest())
  let left = SLICE
  for (const [id, holding] of state.holdings) {
    const bucket = bucketOf(id)
    buckets[bucket]?.push(id)
    sums[bucket]?.add(holding.item.hash)
    if (--left > 0) continue
    left = SLICE
    await new Promise<void>((resolve) => clock.schedule(0, resolve))
  }
  return { digest, buckets, fingerprints: sums.map((sum) => sum.fingerprint()) }
}

export const listedItem = (holding: Holding): ListedItem => ({
  id: holding.entry.id,
  recordHash: holding.entry.kind === 'record' ? holding.item.recordHash : holding.item.hash,
  presenceHash: holding.item.presenceHash,
})

/** Buckets in which two snapshots differ; all of them against a peer that sent none. */
export const differingBuckets = (mine: readonly Uint8Array[], theirs: readonly Uint8Array[]): number[] =>
  mine.flatMap((fingerprint, bucket) => {
    const other = theirs[bucket] ?? new Uint8Array(DIGEST_BYTES)
    return equalBytes(fingerprint, other) ? [] : [bucket]
  })
