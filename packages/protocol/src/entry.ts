/**
 * All replicated state of one entity (a record with at most one presence, a tombstone, or a grave) or of one developer (its
 * record, a tombstone, or a grave). The same encoding travels in gossip and sync and lies in the store.
 */
import { decodeWith, type Encodable, encode, encodeStamp, Reader, refuse } from './codec.ts'
import { type DeveloperRecord, parseDeveloperRecord } from './developer.ts'
import { type DeveloperId, type EntityId, isDeveloperId, parseEntryId } from './ids.ts'
import { LIMITS } from './limits.ts'
import { parsePresence, type SignedPresence } from './presence.ts'
import { type EntityRecord, parseRecord } from './record.ts'
import type { Result } from './result.ts'
import { type Grave, parseTombstone, type Tombstone } from './tombstone.ts'
import { encodeWord, readWord } from './word.ts'

export type Entry =
  | {
      readonly kind: 'record'
      readonly id: EntityId
      readonly record: EntityRecord
      readonly presence: SignedPresence | undefined
    }
  | { readonly kind: 'developer'; readonly id: DeveloperId; readonly developer: DeveloperRecord }
  | { readonly kind: 'tombstone'; readonly id: EntityId; readonly tombstone: Tombstone }
  | { readonly kind: 'grave'; readonly id: EntityId; readonly grave: Grave }

/** What travels: an entry, or a presence alone where the receiver is expected to hold the record. */
export type Delta = Entry | PresenceDelta

export interface PresenceDelta {
  readonly kind: 'presence'
  readonly id: EntityId
  readonly presence: SignedPresence
}

/** Append only. */
const KINDS = { record: 1, tombstone: 2, grave: 3, presence: 4, developer: 5 } as const

const encodeSignedPresence = (presence: SignedPresence): Encodable => [presence.bytes, encodeWord(presence.word)]

/** A delta as one element of a message. */
export const deltaLayout = (delta: Delta): Encodable => {
  switch (delta.kind) {
    case 'record':
      return [
        KINDS.record,
        delta.id,
        delta.record.bytes,
        delta.presence === undefined ? null : encodeSignedPresence(delta.presence),
      ]
    case 'developer':
      return [KINDS.developer, delta.id, delta.developer.bytes]
    case 'tombstone':
      return [KINDS.tombstone, delta.id, delta.tombstone.bytes]
    case 'grave':
      return [KINDS.grave, delta.id, encodeStamp(delta.grave.stamp)]
    case 'presence':
      return [KINDS.presence, delta.id, encodeSignedPresence(delta.presence)]
  }
}

export const encodeDelta = (delta: Delta): Uint8Array => encode(deltaLayout(delta))

export const decodeDelta = (bytes: Uint8Array): Result<Delta> =>
  decodeWith('entry', bytes, LIMITS.recordBytesMax + LIMITS.presenceBytesMax + 1024, readDeltaFields)

/** Reads a delta that is an element of a message. Only inside `decodeWith`. */
export const readDelta = (value: unknown): Delta => {
  const reader = new Reader(value, 'entry')
  const delta = readDeltaFields(reader)
  reader.end()
  return delta
}

const readDeltaFields = (reader: Reader): Delta => {
  const kind = reader.uint('entry kind', 0xff)
  const id = reader.parsed('entity id', 64, parseEntryId)
  switch (kind) {
    case KINDS.record: {
      const record = unwrap(parseRecord(reader.bytes('record', LIMITS.recordBytesMax)))
      if (record.id !== id) refuse('the record is about another entity')
      const presence = reader.optional(() => reader.nested('presence', readSignedPresence))
      return { kind: 'record', id, record, presence }
    }
    case KINDS.developer: {
      const developer = unwrap(parseDeveloperRecord(reader.bytes('developer', LIMITS.developerBytesMax)))
      if (developer.id !== id) refuse('the record is about another developer')
      return { kind: 'developer', id: developer.id, developer }
    }
    case KINDS.tombstone: {
      const tombstone = unwrap(parseTombstone(reader.bytes('tombstone', LIMITS.tombstoneBytesMax)))
      if (tombstone.id !== id) refuse('the tombstone is about another entity')
      return { kind: 'tombstone', id, tombstone }
    }
    case KINDS.grave:
      return { kind: 'grave', id, grave: { id, stamp: reader.stamp('grave stamp') } }
    case KINDS.presence:
      if (isDeveloperId(id)) refuse('a developer has no presence')
      return { kind: 'presence', id, presence: reader.nested('presence', readSignedPresence) }
    default:
      return refuse(`entry kind ${kind} is not known`)
  }
}

const readSignedPresence = (reader: Reader): SignedPresence => {
  const read = unwrap(parsePresence(reader.bytes('presence bytes', LIMITS.presenceBytesMax)))
  // Member by member: what is added to a copy lies beside it, which costs 320 bytes for each entry.
  const { birth, status, beat, attendant, cause, stamp, bytes } = read
  return { birth, status, beat, attendant, cause, stamp, bytes, word: reader.nested('word', readWord) }
}

const unwrap = <T>(result: Result<T>): T => (result.ok ? result.value : refuse(result.message))
