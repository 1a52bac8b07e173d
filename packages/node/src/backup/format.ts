/**
 * A backup as bytes: one line that names format and version, then frames of a kind (u8), a length (u32, big-endian) and as
 * many bytes.
 *
 *     H  what and whose it is, JSON           once, first
 *     K  the key of the node, 32 bytes        at most once, second
 *     P  one pair: table (u8), length of the key (u32), key, value
 *     E  SHA-256 of every byte before this frame    once, last; nothing follows
 *
 * So a file that was cut, changed or joined with another is known before anything is done with it. The hash finds accidents;
 * whoever means to forge a backup can compute it too, so keep the file where the key of the node may lie.
 */
import { createHash, type Hash } from 'node:crypto'
import { TABLES, type Table } from '@rollcall/core'
import { type JsonObject, parseJsonObject } from '@rollcall/protocol'
import { VERSION as SOFTWARE } from '../version.ts'
import { BackupError } from './backup-error.ts'
import { ByteReader } from './byte-reader.ts'

export interface BackupHeader {
  readonly nodeId: string
  /** ISO time. */
  readonly madeAt: string
  /** Version of the software that made it. */
  readonly software: string
}

export type Pair = readonly [table: Table, key: Uint8Array, value: Uint8Array]

export interface BackupContent {
  readonly header: BackupHeader
  /** Seed of the node's key, where it belongs into the copy. */
  readonly key: Uint8Array | undefined
  readonly pairs: AsyncIterable<Pair>
}

export type BackupPart =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  | { readonly kind: 'key'; readonly seed: Uint8Array }
  | { readonly kind: 'pair'; readonly pair: Pair }

const NAME = 'rollcall backup'
const VERSION = 1
const LINE_BYTES_MAX = 64
/** Far above any row of a store; a length beyond it is damage. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024
const SEED_BYTES = 32

const KINDS = { header: 0x48, key: 0x4b, pair: 0x50, end: 0x45 } as const
const NAMES: ReadonlyMap<number, Table> = new Map(Object.entries(TABLES).map(([name, id]) => [id, name as Table]))

/** The header of a backup that is made now. */
export const backupHeader = (nodeId: string): BackupHeader => ({
  nodeId,
  madeAt: new Date().toISOString(),
  software: SOFTWARE,
})

/** The bytes of a backup, in pieces of one frame. */
export async function* encodeBackup({ header, key, pairs }: BackupContent): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  const hashed = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes)
    return bytes
  }
  const { nodeId, madeAt, software } = header
  yield hashed(Buffer.from(`${NAME} ${VERSION}\n`))
  yield hashed(frame(KINDS.header, Buffer.from(JSON.stringify({ node_id: nodeId, made_at: madeAt, software }))))
  if (key !== undefined) yield hashed(frame(KINDS.key, key))
  for await (const pair of pairs) yield hashed(frame(KINDS.pair, pairBytes(pair)))
  yield frame(KINDS.end, hash.digest())
}

const frame = (kind: number, bytes: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(5)
  head.writeUInt8(kind)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const pairBytes = ([table, key, value]: Pair): Uint8Array => {
  const head = Buffer.alloc(5)
  head.writeUInt8(TABLES[table])
  head.writeUInt32BE(key.length, 1)
  return Buffer.concat([head, key, value])
}

/**
 * The parts of a backup, as they are read: only once the last one came without an error was the whole as it was written.
 * @throws BackupError `damaged`, or `too_new`.
 */
export async function* decodeBackup(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BackupPart> {
  const hash = createHash('sha256')
  const reader = new ByteReader(chunks)
  await readName(reader, hash)
  for (let count = 0; ; count++) {
    const head = await reader.exactly(5)
    if (head === undefined) throw damaged('it was cut: its end is missing')
    const kind = head[0]
    const length = Buffer.from(head).readUInt32BE(1)
    if (length > FRAME_BYTES_MAX) throw damaged(`a part of it claims ${length} bytes`)
    const bytes = await reader.exactly(length)
    if (bytes === undefined) throw damaged('it was cut: its end is missing')
    if (kind === KINDS.end) {
      if (!hash.digest().equals(bytes)) throw damaged('its checksum does not match: it was changed')
      if (!(await reader.isAtEnd())) throw damaged('something follows its end')
      return
    }
    hash.update(head).update(bytes)
    yield partOf(kind ?? 0, bytes, count)
  }
}

const readName = async (reader: ByteReader, hash: Hash): Promise<void> => {
  const line = await reader.line(LINE_BYTES_MAX)
  const version = new RegExp(`^${NAME} (\\d{1,6})\n$`).exec(Buffer.from(line ?? []).toString('latin1'))?.[1]
  if (line === undefined || version === undefined) throw damaged('it does not begin as a backup of rollcall does')
  if (Number(version) !== VERSION) {
    throw new BackupError('too_new', `the backup has format ${version}; this software knows format ${VERSION}`)
  }
  hash.update(line)
}

const partOf = (kind: number, bytes: Uint8Array, count: number): BackupPart => {
  if ((kind === KINDS.header) !== (count === 0)) throw damaged('its parts are out of order')
  if (kind === KINDS.header) return { kind: 'header', header: headerOf(bytes) }
  if (kind === KINDS.key && count === 1 && bytes.length === SEED_BYTES) return { kind: 'key', seed: bytes }
  if (kind === KINDS.pair) return { kind: 'pair', pair: pairOf(bytes) }
  throw damaged('it has a part of a kind that is not known')
}

const headerOf = (bytes: Uint8Array): BackupHeader => {
  const json: JsonObject | undefined = parseJsonObject(Buffer.from(bytes).toString('utf8'))
  const { node_id: nodeId, made_at: madeAt, software } = json ?? {}
  if (typeof nodeId !== 'string' || typeof madeAt !== 'string' || typeof software !== 'string') {
    throw damaged('its header cannot be read')
  }
  return { nodeId, madeAt, software }
}

const pairOf = (bytes: Uint8Array): Pair => {
  const table = NAMES.get(bytes[0] ?? 0)
  const keyLength = bytes.length < 5 ? -1 : Buffer.from(bytes).readUInt32BE(1)
  if (table === undefined || keyLength < 0 || 5 + keyLength > bytes.length) throw damaged('a row of it cannot be read')
  return [table, bytes.subarray(5, 5 + keyLength), bytes.subarray(5 + keyLength)]
}

const damaged = (why: string): BackupError => new BackupError('damaged', `the backup cannot be used: ${why}`)
