/** Messages of a sync, one request and one answer at a time. CBOR arrays; the first element names the message. */
import {
  type Delta,
  DIGEST_BYTES,
  decodeWith,
  deltaLayout,
  type Encodable,
  type EntityId,
  encode,
  encodeStamp,
  LIMITS,
  type NodeId,
  parseEntityId,
  Reader,
  type Result,
  readDelta,
  refuse,
  type Stamp,
} from '@rollcall/protocol'

export const BUCKETS = 256
const HASH_PREFIX_BYTES = 8

/** A line of a member table: the last stamp a node heard of another, and how long ago (L6). */
export interface MemberLine {
  readonly node: NodeId
  readonly lastStamp: Stamp
  readonly ageMs: number
}

export interface ListedItem {
  readonly id: EntityId
  /** First bytes of the hash of the record; of the item for a dead entity. */
  readonly recordHash: Uint8Array
  readonly presenceHash: Uint8Array
}

export type SyncMessage =
  | { readonly type: 'hello'; readonly members: readonly MemberLine[]; readonly digest: Uint8Array }
  /** Fingerprints of the buckets into which entities fall by the first byte of their id's hash. Empty in a request. */
  | { readonly type: 'buckets'; readonly fingerprints: readonly Uint8Array[] }
  | { readonly type: 'list'; readonly bucket: number; readonly items: readonly ListedItem[] }
  | { readonly type: 'get'; readonly ids: readonly EntityId[] }
  /** The answer to `get` (as many as fit, in order), and a push. */
  | { readonly type: 'deltas'; readonly deltas: readonly Delta[] }

export const encodeSync = (message: SyncMessage): Uint8Array => {
  switch (message.type) {
    case 'hello':
      return encode(['hello', message.members.map(memberLayout), message.digest])
    case 'buckets':
      return encode(['buckets', [...message.fingerprints]])
    case 'list':
      return encode([
        'list',
        message.bucket,
        message.items.map((item) => [
          item.id,
          item.recordHash.slice(0, HASH_PREFIX_BYTES),
          item.presenceHash.slice(0, HASH_PREFIX_BYTES),
        ]),
      ])
    case 'get':
      return encode(['get', [...message.ids]])
    case 'deltas':
      return encode(['deltas', message.deltas.map(deltaLayout)])
  }
}

const memberLayout = (line: MemberLine): Encodable => [line.node, encodeStamp(line.lastStamp), Math.round(line.ageMs)]

const TYPES = ['hello', 'buckets', 'list', 'get', 'deltas'] as const

export const decodeSync = (bytes: Uint8Array): Result<SyncMessage> =>
  decodeWith('sync message', bytes, LIMITS.syncResponseBytesMax, (reader): SyncMessage => {
    const type = reader.oneOf('type', TYPES)
    switch (type) {
      case 'hello':
        return {
          type,
          members: reader.list('members', LIMITS.membersMax, readMember),
          digest: reader.bytesExactly('digest', DIGEST_BYTES),
        }
      case 'buckets':
        return { type, fingerprints: reader.list('fingerprints', BUCKETS, (value) => hash(value, DIGEST_BYTES)) }
      case 'list':
        return {
          type,
          bucket: reader.uint('bucket', BUCKETS - 1),
          items: reader.list('items', LIMITS.syncListMax, readItem),
        }
      case 'get':
        return { type, ids: reader.list('ids', LIMITS.syncEntriesMax, readId) }
      case 'deltas':
        return { type, deltas: reader.list('entries', LIMITS.syncEntriesMax, readDelta) }
    }
  })

const hash = (value: unknown, length: number): Uint8Array =>
  value instanceof Uint8Array && value.length === length ? value : refuse(`a hash is not ${length} bytes`)

const readId = (value: unknown): EntityId =>
  (typeof value === 'string' ? parseEntityId(value) : undefined) ?? refuse('an id is not an entity id')

const readMember = (value: unknown): MemberLine => {
  const reader = new Reader(value, 'member')
  const line = { node: reader.nodeId('node'), lastStamp: reader.stamp('last stamp'), ageMs: reader.uint('age') }
  reader.end()
  return line
}

const readItem = (value: unknown): ListedItem => {
  const reader = new Reader(value, 'item')
  const item = {
    id: reader.parsed('id', 64, parseEntityId),
    recordHash: reader.bytesExactly('record hash', HASH_PREFIX_BYTES),
    presenceHash: reader.bytesExactly('presence hash', HASH_PREFIX_BYTES),
  }
  reader.end()
  return item
}
