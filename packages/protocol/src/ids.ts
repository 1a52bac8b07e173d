import { sha256 } from '@noble/hashes/sha2.js'
import { base16, fromBase16 } from './text.ts'

/** Id of an agent, service or developer: derived from its key (I1). Made only by the functions of this file. */
export type EntityId = string & { readonly __brand: 'EntityId' }
/** Id of a node: its libp2p peer id, an Ed25519 key in base58btc (`12D3KooW…`). */
export type NodeId = string & { readonly __brand: 'NodeId' }

export type EntityType = 'agent' | 'service'

const ENTITY_ID = /^zns:(svc:)?[0-9a-f]{32}$/
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
export const developerIdOf = (publicKey: Uint8Array): string => derive(PREFIX.developer, publicKey)

/** The id under which Zynd's clients know a node with this 32-byte public key. */
export const registryIdOf = (publicKey: Uint8Array): string => derive(PREFIX.registry, publicKey)

/** `text` as an entity id, or undefined where it is not one (a developer's id is not). */
export const parseEntityId = (text: string): EntityId | undefined =>
  ENTITY_ID.test(text) ? (text as EntityId) : undefined

/** `text` as a node id, or undefined where it is not one. */
export const parseNodeId = (text: string): NodeId | undefined =>
  NODE_ID.test(text) && text >= NODE_ID_FIRST && text <= NODE_ID_LAST ? (text as NodeId) : undefined

export const entityTypeOf = (id: EntityId): EntityType => (id.startsWith(PREFIX.service) ? 'service' : 'agent')

/** An entity id in 16 bytes, or 17 for a service: less than half of its text. */
export const packEntityId = (id: EntityId): Uint8Array => {
  const hash = fromBase16(id.slice(-32))
  return entityTypeOf(id) === 'agent' ? hash : Uint8Array.of(...hash, 1)
}

/** The id that `packEntityId` packed, or undefined. */
export const unpackEntityId = (bytes: Uint8Array): EntityId | undefined => {
  const isService = bytes.length === 17 && bytes[16] === 1
  if (bytes.length !== 16 && !isService) return undefined
  return parseEntityId((isService ? PREFIX.service : PREFIX.agent) + base16(bytes.subarray(0, 16)))
}
