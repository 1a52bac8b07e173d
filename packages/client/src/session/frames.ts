/** Frames of the native heartbeat socket as the client writes and reads them. The node's side is in the protocol package. */
import {
  CLOSE_CODES,
  type CloseReason,
  type CloseSpec,
  type EntityId,
  type EntityType,
  entityIdOf,
  formatSignature,
  type Json,
  type JsonObject,
  LIMITS,
  type NodeId,
  nativeBeatBytes,
  parseEntityId,
  parseJsonObject,
  parseNodeId,
  type Signer,
  type Status,
  utf8,
} from '@rollcall/protocol'

/** An entity that beats: its id, and the key that signs for it. */
export interface SessionEntity {
  readonly id: EntityId
  readonly signer: Signer
}

export const sessionEntity = (signer: Signer, type: EntityType = 'agent'): SessionEntity => ({
  id: entityIdOf(type, signer.publicKey),
  signer,
})

export const helloFrame = (ids: readonly EntityId[], protocol: number, client: string): string =>
  JSON.stringify({ type: 'hello', entities: ids, protocol, client })

export interface BeatFrameInit {
  readonly entity: SessionEntity
  readonly timeMs: number
  readonly challenge: { readonly node: NodeId; readonly nonce: string }
  readonly health?: JsonObject | undefined
}

/** A signed beat, bound to node and nonce of this connection (L10). */
export const heartbeatFrame = (init: BeatFrameInit): string => beatFrame('heartbeat', 'active', init)

/** A signed goodbye: it makes the entity inactive at once. */
export const goodbyeFrame = (init: BeatFrameInit): string => beatFrame('goodbye', 'inactive', init)

const beatFrame = (type: 'heartbeat' | 'goodbye', status: Status, init: BeatFrameInit): string => {
  const { entity, timeMs, challenge, health } = init
  const signature = entity.signer.sign(nativeBeatBytes({ ...challenge, entityId: entity.id, timeMs, status }))
  return JSON.stringify({
    type,
    entity_id: entity.id,
    timestamp_ms: timeMs,
    signature: formatSignature(signature),
    ...(health === undefined ? {} : { health }),
  })
}

/** Whether a node would take this health: a small object of JSON. */
export const healthFits = (health: JsonObject): boolean => utf8(JSON.stringify(health)).length <= LIMITS.healthBytesMax

/** What a node said, checked as far as this client relies on it. A frame of a kind not known here is `unknown`. */
export type NodeFrame =
  | {
      readonly kind: 'challenge'
      readonly node: NodeId
      readonly nonce: string
      readonly timeMs: number
      protocol: number
    }
  | {
      readonly kind: 'welcome'
      readonly intervalMs: number
      readonly thresholdMs: number
      readonly nodes: readonly string[]
    }
  | {
      readonly kind: 'ack'
      readonly entityId: EntityId
      readonly beatMs: number
      readonly timeMs: number
      readonly nextExpectedMs: number
      readonly status: Status
    }
  | { readonly kind: 'error'; readonly entityId: EntityId | undefined; readonly code: string; readonly message: string }
  | { readonly kind: 'moved'; readonly nodes: readonly string[] }
  | { readonly kind: 'unknown'; readonly type: string }

/** The frame that `text` spells, or undefined where it cannot be read. Unknown fields are ignored. */
export const parseNodeFrame = (text: string): NodeFrame | undefined => {
  const frame = parseJsonObject(text)
  if (frame === undefined || typeof frame.type !== 'string') return undefined
  const read = READERS[frame.type]
  return read === undefined ? { kind: 'unknown', type: frame.type } : read(frame)
}

const READERS: Readonly<Record<string, (frame: JsonObject) => NodeFrame | undefined>> = {
  challenge: (frame) => {
    const node = typeof frame.node_id === 'string' ? parseNodeId(frame.node_id) : undefined
    const { nonce, server_time: timeMs, protocol } = frame
    if (node === undefined || typeof nonce !== 'string' || nonce === '') return undefined
    if (!isTime(timeMs) || typeof protocol !== 'number') return undefined
    return { kind: 'challenge', node, nonce, timeMs, protocol }
  },
  welcome: (frame) => {
    const { interval_seconds: interval, inactive_threshold_seconds: threshold } = frame
    if (!isDuration(interval) || !isDuration(threshold)) return undefined
    return { kind: 'welcome', intervalMs: interval * 1000, thresholdMs: threshold * 1000, nodes: texts(frame.nodes) }
  },
  ack: (frame) => {
    const entityId = typeof frame.entity_id === 'string' ? parseEntityId(frame.entity_id) : undefined
    const { timestamp_ms: beatMs, server_time: timeMs, next_expected_ms: nextExpectedMs, status } = frame
    if (entityId === undefined || !isTime(beatMs) || !isTime(timeMs) || !isTime(nextExpectedMs)) return undefined
    if (status !== 'active' && status !== 'inactive') return undefined
    return { kind: 'ack', entityId, beatMs, timeMs, nextExpectedMs, status }
  },
  error: (frame) => {
    const entityId = typeof frame.entity_id === 'string' ? parseEntityId(frame.entity_id) : undefined
    if (typeof frame.error !== 'string') return undefined
    const message = typeof frame.message === 'string' ? frame.message : frame.error
    return { kind: 'error', entityId, code: frame.error, message }
  },
  moved: (frame) => ({ kind: 'moved', nodes: texts(frame.nodes) }),
}

const isTime = (value: Json | undefined): value is number => typeof value === 'number' && value >= 0
/** Seconds between 10 ms and 20 days: below it the client would flood the node, above it no timer can wait. */
const isDuration = (value: Json | undefined): value is number =>
  typeof value === 'number' && value >= 0.01 && value <= 20 * 86_400

const texts = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === 'string').slice(0, 64) : []

/** Name and meaning of a close code; undefined for one that rollcall does not send. */
export const closeReason = (code: number): (CloseSpec & { readonly name: CloseReason }) | undefined => {
  const found = Object.entries(CLOSE_CODES).find(([, spec]) => spec.code === code)
  return found === undefined ? undefined : { name: found[0] as CloseReason, ...found[1] }
}
