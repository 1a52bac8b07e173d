/**
 * How tables share one LevelDB: a stored key is one byte, the number of the table (`TABLES`), then the caller's key.
 * LevelDB orders keys by their bytes, so each table is one contiguous range and no key, whatever its bytes, leaves it.
 *
 * Rejected: sublevels of abstract-level. They separate names with characters, so a table's range depends on what the
 * others are called, and every key grows by the length of a name.
 */
import { type KeyRange, StoreError, type StoreOp, TABLES, type Table } from '@rollcall/core'
import type { LevelOp, LevelRange } from './level-types.ts'

/** LevelDB's binding reads a limit as a signed 32-bit number and would wrap a larger one. */
const LIMIT_MAX = 2 ** 31 - 1

export function storedKey(table: Table, key: Uint8Array): Uint8Array {
  const stored = new Uint8Array(1 + key.length)
  stored[0] = TABLES[table]
  stored.set(key, 1)
  return stored
}

/** The caller's key within a stored key, as a view of the same bytes. */
export function callerKey(stored: Uint8Array): Uint8Array {
  return plainBytes(stored).subarray(1)
}

/** LevelDB answers with Buffers, whose `slice` shares memory where that of Uint8Array copies. Callers get the latter. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** @throws RangeError when `limit` is not a non-negative integer. */
export function storedRange(table: Table, range: KeyRange): LevelRange {
  const { gte, lt, reverse = false, limit } = range
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) {
    throw new RangeError(`limit must be a non-negative integer, got ${limit}`)
  }
  return {
    gte: storedKey(table, gte ?? new Uint8Array()),
    lt: lt === undefined ? Uint8Array.of(TABLES[table] + 1) : storedKey(table, lt),
    reverse,
    limit: limit === undefined ? -1 : Math.min(limit, LIMIT_MAX),
  }
}

/** Every table at once. */
export const WHOLE_RANGE: LevelRange = { gte: new Uint8Array(), lt: Uint8Array.of(0xff), reverse: false, limit: -1 }

const NAMES: ReadonlyMap<number, Table> = new Map(
  Object.entries(TABLES).map(([name, number]) => [number, name as Table]),
)

/** @throws StoreError `corrupt` for a key of no table. */
export function tableOf(stored: Uint8Array): Table {
  const name = NAMES.get(stored[0] ?? 0)
  if (name === undefined) throw new StoreError('corrupt', `the store holds a key of table ${stored[0]}, which is none`)
  return name
}

export function toLevelOp(op: StoreOp): LevelOp {
  const key = storedKey(op.table, op.key)
  return op.kind === 'put' ? { type: 'put', key, value: op.value } : { type: 'del', key }
}
