import { sha256 } from './sha256.ts'
import { base16, fromBase16 } from './text.ts'

/** Id of an agent, a service or a developer: derived from its key (I1). Made only by the functions of this file. */
export type EntityId = string & { readonly __brand: 'EntityId' }
/** Id of a developer: what entries, merge and sync take wherever they take an entity's. */
export type DeveloperId = EntityId & { readonly __developer: true }
/** Id of a node: its libp2p peer id, an Ed25519 key in base58btc (`12D3KooW…`). */
export type NodeId = string & { readonly __brand: 'NodeId' }

export type EntityType = 'agent' | 'service'

const ENTITY_ID = /^zns:(svc:)?[0-9a-f]{32}$/
const DEVELOPER_ID = /^zns:dev:[0-9a-f]{32}$/
const NODE_ID = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
// The ids of the keys of 32 zero bytes and 32 bytes 0xff. Texts in base58 of one length are ordered as their numbers, so
// whatever lies between has the header of an Ed25519 key; what lies outside would be a second id of some key.
const NODE_ID_FIRST = '12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw'
const NODE_ID_LAST = '12D3KooWT3gYEvLJyx1FyyHqrmvdy1tMjpgxmu9aSeKMEuafQtyC'

const PREFIX = { agent: 'zns:', service: 'zns:svc:', developer: 'zns:dev:', registry: 'zns:registry:' } as const

const derive = (prefix: string, publicKey: Uint8Array): string => prefix + base16(sha256(publicKey).subarray(0, 16))

/** The id of an entity of this type with this 32-byte public key. Source: rule I1. */
export const entityIdOf = (type: EntityType, publicKey: Uint8Array): EntityId =>
  derive(PREFIX[type], publicKey) as EntityId

/** The id of a developer with this 32-byte public key. */
export const developerIdOf = (publicKey: Uint8Array): DeveloperId => derive(PREFIX.developer, publicKey) as DeveloperId

/** The id under which Zynd's clients know a node with this 32-byte public key. */
export const registryIdOf = (publicKey: Uint8Array): string => derive(PREFIX.registry, publicKey)

/** `text` as an entity id, or undefined where it is not one (a developer's id is not). */
export const parseEntityId = (text: string): EntityId | undefined =>
  ENTITY_ID.test(text) ? (text as EntityId) : undefined

/** `text` as a developer id, or undefined where it is not one. */
export const parseDeveloperId = (text: string): DeveloperId | undefined =>
  DEVELOPER_ID.test(text) ? (text as DeveloperId) : undefined

/** `text` as the id of anything an entry may be about: an agent, a service or a developer. */
export const parseEntryId = (text: string): EntityId | undefined => parseEntityId(text) ?? parseDeveloperId(text)

export const isDeveloperId = (id: EntityId): id is DeveloperId => id.startsWith(PREFIX.developer)

/** Whether `id` is the one that follows from `publicKey` (I1). */
export const followsFromKey = (id: EntityId, publicKey: Uint8Array): boolean =>
  id === (isDeveloperId(id) ? developerIdOf(publicKey) : entityIdOf(entityTypeOf(id), publicKey))

/** Far more than a cluster has nodes; strangers' ids must not fill it for good. */
const KNOWN_NODES_MAX = 1_024
const knownNodes = new Map<string, NodeId>()

/**
 * `text` as a node id, or undefined where it is not one. Every stamp names a node, and an entry bears up to eight of them:
 * all that name one node share one string, which saves half a kilobyte for each entry and makes comparing them cheap.
 */
export const parseNodeId = (text: string): NodeId | undefined => {
  const known = knownNodes.get(text)
  if (known !== undefined) return known
  if (!NODE_ID.test(text) || text < NODE_ID_FIRST || text > NODE_ID_LAST) return undefined
  const id = text as NodeId
  if (knownNodes.size >= KNOWN_NODES_MAX) knownNodes.clear()
  knownNodes.set(id, id)
  return id
}

export const entityTypeOf = (id: EntityId): EntityType => (id.startsWith(PREFIX.service) ? 'service' : 'agent')

/** The byte after the hash in a packed id; an agent's has none. */
const PACKED_KIND = { service: 1, developer: 2 } as const

/** An id in 16 bytes, or 17 for a service or a developer: less than half of its text. */
export const packEntryId = (id: EntityId): Uint8Array => {
  const hash = fromBase16(id.slice(-32))
  if (isDeveloperId(id)) return Uint8Array.of(...hash, PACKED_KIND.developer)
  return entityTypeOf(id) === 'agent' ? hash : Uint8Array.of(...hash, PACKED_KIND.service)
}

/** The id that `packEntryId` packed, or undefined. */
export const unpackEntryId = (bytes: Uint8Array): EntityId | undefined => {
  const hash = base16(bytes.subarray(0, 16))
  if (bytes.length === 16) return parseEntityId(PREFIX.agent + hash)
  if (bytes.length !== 17) return undefined
  if (bytes[16] === PACKED_KIND.service) return parseEntityId(PREFIX.service + hash)
  return bytes[16] === PACKED_KIND.developer ? parseDeveloperId(PREFIX.developer + hash) : undefined
}
