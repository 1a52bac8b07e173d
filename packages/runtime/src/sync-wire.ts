/** Messages of a sync, one request and one answer at a time. CBOR arrays; the first element names the message. */
import {
  compareKeys,
  HASH_PREFIX_BYTES,
  type ItemKey,
  isMoment,
  type ListedItem,
  momentKey,
  NOTHING_HASH,
  type Range,
  type RangeClaim,
} from '@rollcall/core'
import {
  type Delta,
  DIGEST_BYTES,
  decodeWith,
  deltaLayout,
  type Encodable,
  type EntityId,
  encode,
  encodeStamp,
  equalBytes,
  LIMITS,
  type NodeId,
  packEntryId,
  parseEntryId,
  Reader,
  type Result,
  readDelta,
  readStamp,
  refuse,
  type Stamp,
  unpackEntryId,
  WALL_MS_MAX,
} from '@rollcall/protocol'

/** A line of a member table: the last stamp a node heard of another, and how long ago (L6). */
export interface MemberLine {
  readonly node: NodeId
  readonly lastStamp: Stamp
  readonly ageMs: number
}

/** Which parts of an entry are wanted: only what differs travels (S1a). */
export interface Wanted {
  readonly id: EntityId
  readonly parts: Parts
}

export const PARTS = { record: 1, presence: 2, both: 3 } as const
export type Parts = (typeof PARTS)[keyof typeof PARTS]

export type SyncMessage =
  /** Opens a sync, and its answer: member tables, and the first message of the reconciliation. */
  | {
      readonly type: 'hello'
      readonly members: readonly MemberLine[]
      readonly ranges: readonly Range[]
      /** The sender's verdict on the receiver, if it holds one: where gossip fails, no status tells of it (L6). */
      readonly verdict: Stamp | undefined
    }
  | { readonly type: 'ranges'; readonly ranges: readonly Range[] }
  | { readonly type: 'get'; readonly wanted: readonly Wanted[] }
  /** The answer to `get` (as many as fit, in order), and a push. */
  | { readonly type: 'deltas'; readonly deltas: readonly Delta[] }
  /** The answer to `ranges` of a node that is in a repair with another. */
  | { readonly type: 'busy' }

const TYPES = ['hello', 'ranges', 'get', 'deltas', 'busy'] as const
const CLAIMS = { skip: 0, fingerprint: 1, list: 2 } as const

export const encodeSync = (message: SyncMessage): Uint8Array => {
  switch (message.type) {
    case 'hello':
      return encode([
        'hello',
        message.members.map(memberLayout),
        message.ranges.map(rangeLayout),
        message.verdict === undefined ? null : encodeStamp(message.verdict),
      ])
    case 'ranges':
      return encode(['ranges', message.ranges.map(rangeLayout)])
    case 'get':
      return encode(['get', message.wanted.map(({ id, parts }) => [packEntryId(id), parts])])
    case 'deltas':
      return encode(['deltas', message.deltas.map(deltaLayout)])
    case 'busy':
      return encode(['busy'])
  }
}

export const decodeSync = (bytes: Uint8Array): Result<SyncMessage> =>
  decodeWith('sync message', bytes, LIMITS.syncResponseBytesMax, (reader): SyncMessage => {
    const type = reader.oneOf('type', TYPES)
    switch (type) {
      case 'hello':
        return {
          type,
          members: reader.list('members', LIMITS.membersMax, readMember),
          ranges: readRanges(reader),
          verdict: reader.optional(() => reader.stamp('verdict')),
        }
      case 'ranges':
        return { type, ranges: readRanges(reader) }
      case 'get':
        return { type, wanted: reader.list('wanted', LIMITS.syncEntriesMax, readWanted) }
      case 'deltas':
        return { type, deltas: reader.list('entries', LIMITS.syncEntriesMax, readDelta) }
      case 'busy':
        return { type }
    }
  })

/** Ranges from the newest down: out of order they would lie over one another, and each be worked on as a whole (S1). */
const readRanges = (reader: Reader): Range[] => {
  const ranges = reader.list('ranges', LIMITS.syncRangesMax, readRange)
  for (const [i, { lower }] of ranges.entries()) {
    const upper = ranges[i - 1]?.lower
    if (i > 0 && (upper === undefined || (lower !== undefined && compareKeys(lower, upper) >= 0)))
      refuse('ranges lie one before the other')
  }
  return ranges
}

const memberLayout = (line: MemberLine): Encodable => [line.node, encodeStamp(line.lastStamp), Math.round(line.ageMs)]

const rangeLayout = ({ lower, claim }: Range): Encodable => [
  lower === undefined ? null : keyLayout(lower),
  ...claimLayout(claim),
]

/** The place before a moment is written as the moment alone: most bounds are. */
const keyLayout = (key: ItemKey): Encodable => (isMoment(key) ? [key.stamp.wallMs] : [encodeStamp(key.stamp), key.id])

const claimLayout = (claim: RangeClaim): readonly Encodable[] => {
  switch (claim.kind) {
    case 'skip':
      return [CLAIMS.skip]
    case 'fingerprint':
      return [CLAIMS.fingerprint, claim.fingerprint]
    case 'list': {
      // Items share few nodes: each is named once.
      const nodes = [...new Set(claim.items.map((item) => item.stamp.node))]
      const number = new Map(nodes.map((node, i) => [node, i]))
      const items = claim.items.map((item, i) =>
        itemLayout(item, {
          nodeNumber: number.get(item.stamp.node) ?? 0,
          beforeMs: claim.items[i - 1]?.stamp.wallMs ?? 0,
        }),
      )
      return [CLAIMS.list, nodes, items]
    }
  }
}

/** What stands for no presence among the beginnings of hashes. */
const NO_PRESENCE: Uint8Array = NOTHING_HASH.subarray(0, HASH_PREFIX_BYTES)

const presenceHashOf = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length === 0) return NO_PRESENCE
  return bytes.length === HASH_PREFIX_BYTES ? bytes : refuse(`a hash begins with ${HASH_PREFIX_BYTES} bytes`)
}

/** Items of a list follow one another in time, so each tells its distance from the one before; the first tells its time. */
const itemLayout = (
  { stamp, id, recordHash, presenceHash }: ListedItem,
  within: { readonly nodeNumber: number; readonly beforeMs: number },
): Encodable => [
  stamp.wallMs - within.beforeMs,
  stamp.counter,
  within.nodeNumber,
  packEntryId(id),
  recordHash,
  // Most have no presence: that is said in one byte.
  equalBytes(presenceHash, NO_PRESENCE) ? new Uint8Array() : presenceHash,
]

/** Reads a value that is an array of its own, to its end. */
const whole = <T>(value: unknown, what: string, read: (reader: Reader) => T): T => {
  const reader = new Reader(value, what)
  const result = read(reader)
  reader.end()
  return result
}

const readMember = (value: unknown): MemberLine =>
  whole(value, 'member', (reader) => ({
    node: reader.nodeId('node'),
    lastStamp: reader.stamp('last stamp'),
    ageMs: reader.uint('age'),
  }))

const readWanted = (value: unknown): Wanted =>
  whole(value, 'wanted', (reader) => ({
    id: unpackEntryId(reader.bytes('id', 17)) ?? refuse('id is not that of an entity or a developer'),
    parts: partsOf(reader.uint('parts', PARTS.both)),
  }))

const partsOf = (number: number): Parts =>
  Object.values(PARTS).find((parts) => parts === number) ?? refuse(`parts ${number} are not known`)

const readRange = (value: unknown): Range =>
  whole(value, 'range', (reader) => ({
    lower: reader.optional(() => reader.nested('lower bound', readKey)),
    claim: readClaim(reader),
  }))

const readKey = (reader: Reader): ItemKey =>
  reader.isLast()
    ? momentKey(reader.uint('moment', WALL_MS_MAX))
    : { stamp: reader.nested('stamp', readStamp), id: reader.parsed('id', 64, parseKeyId) }

const parseKeyId = (text: string): ItemKey['id'] | undefined => (text === '' ? '' : parseEntryId(text))

const readClaim = (reader: Reader): RangeClaim => {
  switch (reader.uint('claim', CLAIMS.list)) {
    case CLAIMS.skip:
      return { kind: 'skip' }
    case CLAIMS.fingerprint:
      return { kind: 'fingerprint', fingerprint: reader.bytesExactly('fingerprint', DIGEST_BYTES) }
    default: {
      const nodes = reader.list('nodes', LIMITS.membersMax, (value) =>
        whole([value], 'node', (one) => one.nodeId('node')),
      )
      let wallMs = 0
      const items = reader.list('items', LIMITS.syncEntriesMax, (value) => {
        const item = readItem(value, nodes, wallMs)
        wallMs = item.stamp.wallMs
        return item
      })
      return { kind: 'list', items }
    }
  }
}

const readItem = (value: unknown, nodes: readonly NodeId[], beforeMs: number): ListedItem =>
  whole(value, 'item', (reader) => ({
    stamp: {
      wallMs: beforeMs + reader.uint('wall ms', WALL_MS_MAX - beforeMs),
      counter: reader.uint('counter', 0xffff),
      node: nodes[reader.uint('node number', LIMITS.membersMax)] ?? refuse('a node number beyond the nodes named'),
    },
    id: unpackEntryId(reader.bytes('id', 17)) ?? refuse('id is not that of an entity or a developer'),
    recordHash: reader.bytesExactly('record hash', HASH_PREFIX_BYTES),
    presenceHash: presenceHashOf(reader.bytes('presence hash', HASH_PREFIX_BYTES)),
  }))
