import type { Level } from 'level'

/** LevelDB with bytes for keys and values. */
export type ByteLevel = Level<Uint8Array, Uint8Array>

/** One operation as LevelDB takes it: the key carries its table (keys.ts). */
export type LevelOp =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** A range as LevelDB takes it. */
export interface LevelRange {
  readonly gte: Uint8Array
  readonly lt: Uint8Array
  readonly reverse: boolean
  /** -1 for no limit. */
  readonly limit: number
}
