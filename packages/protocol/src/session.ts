/** Frames of the native heartbeat socket `WS /v1/session` (api.md). JSON text, one object a frame. */

import type { Beat, Status } from './beat.ts'
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from './canonical-json.ts'
import type { ErrorCode } from './errors.ts'
import { type EntityId, type NodeId, parseEntityId } from './ids.ts'
import { parseSignature } from './keys.ts'
import { LIMITS } from './limits.ts'
import { fail, ok, type Result } from './result.ts'
import { utf8 } from './text.ts'

/** Protocol versions spoken here, oldest to newest; a peer or client outside the window is refused with the reason. */
export const PROTOCOL_VERSION_MIN = 1
export const PROTOCOL_VERSION = 1

export type ServerFrame =
  | {
      readonly type: 'challenge'
      readonly nonce: string
      readonly node_id: NodeId
      readonly server_time: number
      readonly protocol: number
    }
  | {
      readonly type: 'welcome'
      readonly interval_seconds: number
      readonly inactive_threshold_seconds: number
      readonly limits: { readonly frame_bytes: number; readonly entities: number; readonly health_bytes: number }
      /** URLs to fail over to. */
      readonly nodes: readonly string[]
    }
  | {
      readonly type: 'ack'
      readonly entity_id: EntityId
      readonly timestamp_ms: number
      readonly server_time: number
      readonly next_expected_ms: number
      readonly status: Status
    }
  | {
      readonly type: 'error'
      readonly entity_id?: EntityId
      readonly error: ErrorCode | 'stale_heartbeat' | 'superseded'
      readonly message: string
    }
  | { readonly type: 'moved'; readonly nodes: readonly string[] }

export type ClientFrame =
  | {
      readonly type: 'hello'
      readonly entities: readonly EntityId[]
      readonly protocol: number
      readonly client: string
    }
  | { readonly type: 'heartbeat'; readonly entityId: EntityId; readonly beat: NativeBeat; readonly health?: JsonObject }
  | { readonly type: 'goodbye'; readonly entityId: EntityId; readonly beat: NativeBeat }

/** A native beat as it arrives: node and nonce are those of the session it came in on. */
export interface NativeBeat {
  readonly timeMs: number
  readonly signature: Uint8Array
}

/** `{type: "heartbeat" | "goodbye", entity_id, timestamp_ms, signature, health?}` and `{type: "hello", …}`. */
export const parseClientFrame = (text: string): Result<ClientFrame> => {
  const frame = parseJsonObject(text)
  if (frame === undefined) return fail('malformed', 'the frame is not a JSON object')
  switch (frame.type) {
    case 'hello':
      return parseHello(frame)
    case 'heartbeat':
    case 'goodbye':
      return parseBeatFrame(frame.type, frame)
    default:
      return fail('malformed', `no frame of type ${JSON.stringify(frame.type)} is taken here`)
  }
}

const parseHello = (frame: JsonObject): Result<ClientFrame> => {
  const entities = frame.entities
  if (!Array.isArray(entities) || entities.length === 0 || entities.length > LIMITS.sessionEntitiesMax) {
    return fail('malformed', `entities is not a list of 1 to ${LIMITS.sessionEntitiesMax} entity ids`)
  }
  const ids = (entities as readonly Json[]).map((id) => (typeof id === 'string' ? parseEntityId(id) : undefined))
  const known = ids.filter((id) => id !== undefined)
  if (known.length !== ids.length) return fail('malformed', 'entities holds what is not an entity id')
  const protocol = frame.protocol
  if (typeof protocol !== 'number' || protocol < PROTOCOL_VERSION_MIN || protocol > PROTOCOL_VERSION) {
    return fail(
      'protocol_incompatible',
      `protocol ${JSON.stringify(protocol)} is not spoken here, ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION} are`,
    )
  }
  const client = typeof frame.client === 'string' ? frame.client.slice(0, LIMITS.versionCharsMax) : ''
  return ok({ type: 'hello', entities: [...new Set(known)], protocol, client })
}

const parseBeatFrame = (type: 'heartbeat' | 'goodbye', frame: JsonObject): Result<ClientFrame> => {
  const entityId = typeof frame.entity_id === 'string' ? parseEntityId(frame.entity_id) : undefined
  if (entityId === undefined) return fail('malformed', 'entity_id is not an entity id')
  const timeMs = frame.timestamp_ms
  if (typeof timeMs !== 'number' || !Number.isSafeInteger(timeMs) || timeMs < 0) {
    return fail('malformed', 'timestamp_ms is not a time in milliseconds')
  }
  const signature = typeof frame.signature === 'string' ? parseSignature(frame.signature) : undefined
  if (signature === undefined) return fail('malformed', 'signature is not "ed25519:" and 64 bytes in base64')
  const beat = { timeMs, signature }
  if (type === 'goodbye' || frame.health === undefined) return ok({ type, entityId, beat })
  const { health } = frame
  if (!isJsonObject(health) || utf8(JSON.stringify(health)).length > LIMITS.healthBytesMax) {
    return fail('malformed', `health is not an object of at most ${LIMITS.healthBytesMax} bytes`)
  }
  return ok({ type, entityId, beat, health })
}

/** A native beat with what binds it: the node and the nonce of its session (L10). */
export const bindBeat = (
  beat: NativeBeat,
  session: { readonly node: NodeId; readonly nonce: string; readonly status: Status },
): Beat => ({
  form: 'native',
  timeMs: beat.timeMs,
  text: session.nonce,
  status: session.status,
  node: session.node,
  signature: beat.signature,
})
