/** Whether a card is the word of its entity (zynd-wire.md S13, §8). */

import type { EntityView } from '@rollcall/core'
import {
  entityIdOf,
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  parseKey,
  utf8,
  type Verifier,
} from '@rollcall/protocol'
import { canonicalText } from './raw-json.ts'

/**
 * `verified`: a signature of the registered key covers the card. `unsigned`: it bears none, as the cards of agents that
 * know nothing of Zynd; it is shown and marked. `invalid`: it says something that is not so, and is never shown.
 */
export type CardVerdict =
  | { readonly signature: 'verified' | 'unsigned' }
  | { readonly signature: 'invalid'; readonly reason: string }

const SIGNATURES_MAX = 8

export const verifyCard = async (text: string, entity: EntityView, verifier: Verifier): Promise<CardVerdict> => {
  const card = parseJsonObject(text)
  if (card === undefined) return invalid('it is not a JSON object')
  const contradiction = identityContradiction(card['x-zynd'], entity)
  if (contradiction !== undefined) return invalid(contradiction)
  const { signatures } = card
  if (signatures === undefined || signatures === null) return { signature: 'unsigned' }
  if (!Array.isArray(signatures)) return invalid('its signatures are not a list')
  if (signatures.length === 0) return { signature: 'unsigned' }
  if (!isJsonObject(card['x-zynd'])) return invalid('it is signed, and does not name the entity in x-zynd')
  const canonical = canonicalText(text, ['signatures', 'signature'])
  if (canonical === undefined) return invalid('it gives a name twice, or holds half a surrogate pair')
  for (const entry of signatures.slice(0, SIGNATURES_MAX)) {
    if (await covers(entry, canonical, entity.record.publicKey, verifier)) return { signature: 'verified' }
  }
  return invalid('no signature of the registered key covers it')
}

const invalid = (reason: string): CardVerdict => ({ signature: 'invalid', reason })

const identityContradiction = (said: unknown, { id, record }: EntityView): string | undefined => {
  if (said === undefined) return undefined
  if (!isJsonObject(said)) return 'its x-zynd is not an object'
  // `zynd card build` writes the id that the key would have as an agent, for services too (zynd-wire.md §10).
  const own = [id, entityIdOf('agent', record.publicKey), entityIdOf('service', record.publicKey)]
  if (typeof said.entityId !== 'string' || !own.some((one) => one === said.entityId)) {
    return 'its x-zynd.entityId is not the id of this entity'
  }
  return isKey(said.publicKey, record.publicKey) ? undefined : 'its x-zynd.publicKey is not the registered key'
}

const covers = async (
  entry: unknown,
  canonical: string,
  publicKey: Uint8Array,
  verifier: Verifier,
): Promise<boolean> => {
  if (!isJsonObject(entry)) return false
  const { protected: head, signature, header } = entry
  if (typeof head !== 'string' || typeof signature !== 'string') return false
  const kid = isJsonObject(header) ? header.kid : undefined
  if (kid !== undefined && !isKey(kid, publicKey)) return false
  // The transmitted head is what was signed: Python's has spaces that TypeScript's has not.
  if (headOf(head)?.alg !== 'EdDSA') return false
  return verifier.verify(publicKey, utf8(`${head}.${canonical}`), Buffer.from(signature, 'base64url'))
}

const headOf = (head: string): JsonObject | undefined =>
  parseJsonObject(Buffer.from(head, 'base64url').toString('utf8'))

/** Whether the text spells this key, with its prefix or without. */
const isKey = (text: unknown, publicKey: Uint8Array): boolean => {
  if (typeof text !== 'string') return false
  const key = parseKey(text.startsWith('ed25519:') ? text : `ed25519:${text}`)
  return key !== undefined && Buffer.compare(key, publicKey) === 0
}
