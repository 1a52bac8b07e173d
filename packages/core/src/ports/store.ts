/**
 * Where a node keeps what must survive it. A store is an ordered map of bytes per table, written in atomic batches.
 * It knows nothing of entries: the codec of each table lives with the runtime, so every adapter stays a few lines long.
 *
 * Rejected: a store that knows records and presences. Each adapter would then repeat the codec, and a migration would
 * have to be written once per adapter.
 */
export interface Store {
  /**
   * Opens the store, creating it if absent and migrating it if old.
   * @throws StoreError `locked` when another process holds it, `corrupt` when it cannot be read, `too_new` when a
   * newer version of the software wrote it.
   */
  open(): Promise<void>
  /** The value of one key, or undefined. */
  get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined>
  /** Every pair of a table whose key is in [gte, lt), in ascending order of key bytes, at most `limit` of them. */
  scan(table: Table, range?: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
  /**
   * Applies all operations or none. Batches take effect in the order of the calls.
   *
   * With `durable` the promise resolves only once the batch, and every batch before it, survives a power cut.
   * Concurrent durable batches may share one sync (group commit). Without it the batch may be lost in a crash of the
   * machine, but never in part and never out of order.
   *
   * @throws StoreError `unavailable` when the disk refuses; nothing of the batch was applied.
   */
  write(batch: readonly StoreOp[], options: { readonly durable: boolean }): Promise<void>
  /** Flushes what was written and closes. Calls after it fail with `closed`. Safe to repeat. */
  close(): Promise<void>
}

export type StoreOp =
  | { readonly kind: 'put'; readonly table: Table; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'del'; readonly table: Table; readonly key: Uint8Array }

export interface KeyRange {
  readonly gte?: Uint8Array
  readonly lt?: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

/** The tables of a node's store. Append only: a number, once given, is never given another meaning. */
export const TABLES = {
  /** Facts about the store and the node: schema version, clock, run. Key: ASCII name. */
  meta: 1,
  /** One value per entity: record, tombstone or grave with its evidence. Key: entity id, UTF-8. */
  entry: 2,
  /** The presence of an entity, written apart because it changes far more often. Key: entity id, UTF-8. */
  presence: 3,
  /** The newest private beat of an entity this node attends, flushed in batches. Key: entity id, UTF-8. */
  beat: 4,
  /** Member table: last stamp heard of each node, verdicts, last complete sync. Key: node id, UTF-8. */
  member: 5,
  /** Accepted transitions in order, hash-chained (A1). Key: big-endian u64 sequence. */
  audit: 6,
} as const

export type Table = keyof typeof TABLES

export class StoreError extends Error {
  readonly code: 'locked' | 'corrupt' | 'too_new' | 'unavailable' | 'closed'
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}
