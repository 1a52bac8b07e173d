/** `active` or `inactive` of one birth of an entity, with the beat that proves it and the word of its attendant (I3). */
import { type Beat, beatCheck, encodeBeat, readBeat, STATUSES, type Status } from './beat.ts'
import { decodeWith, encode, encodeStamp } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import type { EntityId, NodeId } from './ids.ts'
import { LIMITS } from './limits.ts'
import { fail, ok, type Result } from './result.ts'
import type { Stamp } from './stamp.ts'
import { type Word, wordCheck } from './word.ts'

/**
 * Why a presence was announced. Active: `session` the first beat of a session, `roamed` the attendant took over an entity
 * that has been beating here for a while, `reaffirmed` a newer beat was held than the one heard of, or a peer's verdict
 * had to be answered (L6, L7). Inactive: `silence` the threshold passed, `goodbye` the entity said so. Append only.
 */
export const CAUSES = ['session', 'roamed', 'reaffirmed', 'silence', 'goodbye'] as const
export type Cause = (typeof CAUSES)[number]

export interface Presence {
  /** The birth it belongs to; with a record of another birth it does not count (M3). */
  readonly birth: Stamp
  readonly status: Status
  readonly beat: Beat
  readonly attendant: NodeId
  readonly cause: Cause
  /** Issued by the attendant. */
  readonly stamp: Stamp
  /** Deterministic encoding of all of the above: what the attendant's word covers. */
  readonly bytes: Uint8Array
}

/** A presence as it travels and is kept: with the attendant's word. */
export interface SignedPresence extends Presence {
  readonly word: Word
}

export const encodePresence = (fields: Omit<Presence, 'bytes'>): Uint8Array =>
  encode([
    encodeStamp(fields.birth),
    fields.status,
    encodeBeat(fields.beat),
    fields.attendant,
    fields.cause,
    encodeStamp(fields.stamp),
  ])

/** The presence that `bytes` spell. Checks shape, caps and what needs no key; signatures are left to `presenceChecks`. */
export const parsePresence = (bytes: Uint8Array): Result<Presence> => {
  const fields = decodeWith('presence', bytes, LIMITS.presenceBytesMax, (reader) => ({
    birth: reader.stamp('birth'),
    status: reader.oneOf('status', STATUSES),
    beat: reader.nested('beat', readBeat),
    attendant: reader.nodeId('attendant'),
    cause: reader.oneOf('cause', CAUSES),
    stamp: reader.stamp('stamp'),
  }))
  if (!fields.ok) return fields
  const { birth, status, beat, attendant, cause, stamp } = fields.value
  if (stamp.node !== attendant) return fail('malformed', 'the stamp of a presence is not by its attendant')
  if (beat.node !== undefined && beat.node !== attendant) {
    return fail('malformed', 'a native beat is attended by another node than it is bound to (L10)')
  }
  if ((cause === 'goodbye') !== (beat.status === 'inactive')) {
    return fail('malformed', 'a goodbye is announced as one, and nothing else is')
  }
  if ((status === 'inactive') !== (cause === 'silence' || cause === 'goodbye')) {
    return fail('malformed', `nothing becomes ${status} by ${cause}`)
  }
  return ok({ birth, status, beat, attendant, cause, stamp, bytes })
}

/** Every signature that must hold for a presence of this entity to be believed (I3). */
export const presenceChecks = (
  presence: SignedPresence,
  id: EntityId,
  publicKey: Uint8Array,
): readonly SignatureCheck[] => [
  beatCheck(presence.beat, id, publicKey),
  wordCheck(presence.word, id, presence.bytes, presence.attendant),
]
