/**
 * One signed heartbeat, in the three forms that are accepted (L2, L10; zynd-wire.md §6):
 *
 * - `native`: bound to a node and to the nonce of its challenge, so a captured beat serves nobody, nowhere. It also signs
 *   the status it claims: a goodbye is a beat with status inactive.
 * - `zynd`: what the existing SDKs send; signs the timestamp text alone.
 * - `documented`: the form Zynd's documentation describes; signs id and timestamp, concatenated.
 *
 * The last two can be replayed within the skew; `security.zynd_signatures = false` refuses them.
 */
import { type JsonObject, parseJsonObject } from './canonical-json.ts'
import { type Encodable, type Reader, refuse } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import { type EntityId, type NodeId, parseEntityId } from './ids.ts'
import { parseSignature, SIGNATURE_BYTES } from './keys.ts'
import { LIMITS } from './limits.ts'
import { fail, ok, type Result } from './result.ts'
import { DOMAINS, signedBytes } from './signed-bytes.ts'
import { equalBytes } from './stamp.ts'
import { utf8 } from './text.ts'

export const BEAT_FORMS = ['native', 'zynd', 'documented'] as const
export type BeatForm = (typeof BEAT_FORMS)[number]
export const STATUSES = ['active', 'inactive'] as const
export type Status = (typeof STATUSES)[number]

export interface Beat {
  readonly form: BeatForm
  /** The entity's own time, in milliseconds since the Unix epoch. */
  readonly timeMs: number
  /** Native: the nonce of the challenge. Otherwise: the timestamp exactly as it was sent. */
  readonly text: string
  /** `inactive` only for a goodbye, which only the native form can say. */
  readonly status: Status
  /** The node a native beat is bound to. */
  readonly node: NodeId | undefined
  readonly signature: Uint8Array
}

/** The bytes a native beat signs. */
export const nativeBeatBytes = (beat: {
  readonly entityId: EntityId
  readonly node: NodeId
  readonly nonce: string
  readonly timeMs: number
  readonly status: Status
}): Uint8Array => signedBytes(DOMAINS.beat, beat.node, beat.nonce, beat.entityId, String(beat.timeMs), beat.status)

/** The signature that must hold for a beat of this entity. */
export const beatCheck = (beat: Beat, id: EntityId, publicKey: Uint8Array): SignatureCheck => ({
  publicKey,
  messages: [messageOf(beat, id)],
  signature: beat.signature,
})

const messageOf = (beat: Beat, id: EntityId): Uint8Array => {
  if (beat.form === 'zynd') return utf8(beat.text)
  if (beat.form === 'documented') return utf8(id + beat.text)
  if (beat.node === undefined) throw new Error('a native beat names its node')
  return nativeBeatBytes({ entityId: id, node: beat.node, nonce: beat.text, timeMs: beat.timeMs, status: beat.status })
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/
const UNIX_SECONDS = /^\d{1,11}$/

/** Milliseconds since the Unix epoch of a timestamp as Zynd's clients send it (RFC 3339, or unix seconds), or undefined. */
export const parseBeatTime = (text: string): number | undefined => {
  if (UNIX_SECONDS.test(text)) return Number(text) * 1000
  if (!RFC3339.test(text)) return undefined
  const ms = Date.parse(text.toUpperCase().replace(' ', 'T'))
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}

/** A frame of `WS /v1/entities/{id}/ws`: `{timestamp, signature}`. */
export const parseZyndFrame = (text: string): Result<Beat> => {
  const frame = parseJsonObject(text)
  if (frame === undefined) return fail('malformed', 'the frame is not a JSON object')
  return zyndBeat('zynd', frame)
}

/** A frame of `WS /v1/heartbeat`: `{agent_id, timestamp, signature}`, with or without `type: "heartbeat"`. */
export const parseDocumentedFrame = (text: string): Result<{ readonly entityId: EntityId; readonly beat: Beat }> => {
  const frame = parseJsonObject(text)
  if (frame === undefined) return fail('malformed', 'the frame is not a JSON object')
  if (frame.type !== undefined && frame.type !== 'heartbeat') {
    return fail('malformed', `no frame of type ${JSON.stringify(frame.type)} is taken here`)
  }
  const id = frame.agent_id ?? frame.entity_id
  const entityId = typeof id === 'string' ? parseEntityId(id) : undefined
  if (entityId === undefined) return fail('malformed', 'agent_id is not an entity id')
  const beat = zyndBeat('documented', frame)
  return beat.ok ? ok({ entityId, beat: beat.value }) : beat
}

const zyndBeat = (form: 'zynd' | 'documented', frame: JsonObject): Result<Beat> => {
  const { timestamp, signature } = frame
  const text = typeof timestamp === 'number' && form === 'documented' ? String(timestamp) : timestamp
  const timeMs = typeof text === 'string' && text.length <= LIMITS.timestampCharsMax ? parseBeatTime(text) : undefined
  if (typeof text !== 'string' || timeMs === undefined) return fail('malformed', 'timestamp is not an RFC 3339 time')
  const bytes = typeof signature === 'string' ? parseSignature(signature) : undefined
  if (bytes === undefined) return fail('malformed', 'signature is not "ed25519:" and 64 bytes in base64')
  return ok({ form, timeMs, text, status: 'active', node: undefined, signature: bytes })
}

/** Whether two beats are the same frame of the same entity. */
export const equalBeats = (a: Beat, b: Beat): boolean =>
  a.form === b.form &&
  a.timeMs === b.timeMs &&
  a.text === b.text &&
  a.status === b.status &&
  a.node === b.node &&
  equalBytes(a.signature, b.signature)

export const encodeBeat = (beat: Beat): Encodable => [
  beat.form,
  beat.timeMs,
  beat.text,
  beat.status,
  beat.node ?? null,
  beat.signature,
]

export const readBeat = (reader: Reader): Beat => {
  const beat: Beat = {
    form: reader.oneOf('beat form', BEAT_FORMS),
    timeMs: reader.uint('beat time'),
    text: reader.text('beat text', LIMITS.nonceCharsMax),
    status: reader.oneOf('beat status', STATUSES),
    node: reader.optional(() => reader.nodeId('beat node')),
    signature: reader.bytesExactly('beat signature', SIGNATURE_BYTES),
  }
  if ((beat.form === 'native') !== (beat.node !== undefined)) refuse('a native beat names its node, no other does')
  if (beat.form !== 'native' && beat.status !== 'active') refuse('only a native beat can say goodbye')
  if (beat.form !== 'native' && parseBeatTime(beat.text) !== beat.timeMs) refuse('beat time is not that of its text')
  return beat
}
