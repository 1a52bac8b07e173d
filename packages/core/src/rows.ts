/** How a node's own knowledge lies in the store: one codec per table (see TABLES). */
import {
  type Beat,
  type Delta,
  decodeDelta,
  decodeWith,
  type EntityId,
  type Entry,
  encode,
  encodeBeat,
  encodeDelta,
  encodeStamp,
  LIMITS,
  type NodeId,
  type Result,
  readBeat,
  type Stamp,
  utf8,
} from '@rollcall/protocol'
import type { AuditHead } from './audit.ts'
import type { StoreOp, Table } from './ports/store.ts'

const ROW_BYTES_MAX: number = LIMITS.recordBytesMax + LIMITS.presenceBytesMax + 1024

const put = (table: Table, key: string, value: Uint8Array): StoreOp => ({ kind: 'put', table, key: utf8(key), value })
const del = (table: Table, key: string): StoreOp => ({ kind: 'del', table, key: utf8(key) })

/** Table `entry`: the record without its presence, or what remains of it, and since when it is held here. */
export const putEntry = (entry: Entry, heldMs: number): StoreOp => {
  const delta: Delta = entry.kind === 'record' ? { ...entry, presence: undefined } : entry
  return put('entry', entry.id, encode([encodeDelta(delta), Math.round(heldMs)]))
}

export const readEntryRow = (value: Uint8Array): Result<{ readonly entry: Entry; readonly heldMs: number }> => {
  const row = decodeWith('entry row', value, ROW_BYTES_MAX, (reader) => ({
    bytes: reader.bytes('entry', ROW_BYTES_MAX),
    heldMs: reader.uint('held since'),
  }))
  if (!row.ok) return row
  const delta = decodeDelta(row.value.bytes)
  if (!delta.ok) return delta
  if (delta.value.kind === 'presence') return { ok: false, code: 'malformed', message: 'an entry row holds a presence' }
  return { ok: true, value: { entry: delta.value, heldMs: row.value.heldMs } }
}

/** Table `presence`: as it travels. Deleted where there is none. */
export const putPresence = (entry: Entry): StoreOp =>
  entry.kind === 'record' && entry.presence !== undefined
    ? put('presence', entry.id, encodeDelta({ kind: 'presence', id: entry.id, presence: entry.presence }))
    : del('presence', entry.id)

/** Table `beat`: the newest private beat and the node time of its acceptance. */
export const putBeat = (id: EntityId, row: { readonly beat: Beat; readonly acceptedMs: number }): StoreOp =>
  put('beat', id, encode([encodeBeat(row.beat), Math.round(row.acceptedMs)]))

/** Every row of an entity. */
export const delEntity = (id: EntityId): StoreOp[] => [del('entry', id), del('presence', id), del('beat', id)]

export const delBeat = (id: EntityId): StoreOp => del('beat', id)

export const readBeatRow = (value: Uint8Array): Result<{ readonly beat: Beat; readonly acceptedMs: number }> =>
  decodeWith('beat row', value, ROW_BYTES_MAX, (reader) => ({
    beat: reader.nested('beat', readBeat),
    acceptedMs: reader.uint('accepted at'),
  }))

export interface MemberRow {
  readonly lastStamp: Stamp | undefined
  readonly verdict: Stamp | undefined
  /** How long it had been silent when the row was written: this node's own absence is not counted as its silence. */
  readonly silentMs: number
  readonly syncedMs: number
  readonly auditHead: AuditHead | undefined
}

/** Table `member`. */
export const putMember = (id: NodeId, row: MemberRow): StoreOp =>
  put(
    'member',
    id,
    encode([
      row.lastStamp === undefined ? null : encodeStamp(row.lastStamp),
      row.verdict === undefined ? null : encodeStamp(row.verdict),
      Math.round(Math.min(row.silentMs, Number.MAX_SAFE_INTEGER)),
      // -1 stands for "never" in memory; the codec has no negative numbers.
      Math.round(row.syncedMs) + 1,
      row.auditHead === undefined ? null : [row.auditHead.number, row.auditHead.hash],
    ]),
  )

export const delMember = (id: NodeId): StoreOp => del('member', id)

export const readMemberRow = (value: Uint8Array): Result<MemberRow> =>
  decodeWith('member row', value, ROW_BYTES_MAX, (reader) => ({
    lastStamp: reader.optional(() => reader.stamp('last stamp')),
    verdict: reader.optional(() => reader.stamp('verdict')),
    silentMs: reader.uint('silence'),
    syncedMs: reader.uint('synced at') - 1,
    auditHead: reader.optional(() =>
      reader.nested('audit head', (head) => ({ number: head.uint('number'), hash: head.bytesExactly('hash', 32) })),
    ),
  }))

/** Table `meta`, key `clock`: a wall time that no stamp of this node's past exceeds. */
export const putClock = (wallMs: number): StoreOp => put('meta', 'clock', encode([Math.ceil(wallMs)]))

export const readClockRow = (value: Uint8Array): Result<number> =>
  decodeWith('clock row', value, 64, (reader) => reader.uint('wall ms'))
