/**
 * Key files in the format of Zynd's tools (zynd-wire §1), so that a key made by either is read by the other:
 * `{"public_key": base64, "private_key": base64 of the seed, "derived_from"?: {"developer_public_key", "entity_index"}}`.
 */
import {
  base64,
  equalBytes,
  fail,
  formatKey,
  fromBase64,
  isJsonObject,
  type JsonObject,
  ok,
  PUBLIC_KEY_BYTES,
  parseJsonObject,
  type Result,
} from '@rollcall/protocol'
import { ENTITY_INDEX_MAX, SEED_BYTES } from './derivation.ts'
import { publicKeyOf } from './noble.ts'

export interface KeyPair {
  /** The 32 secret bytes of RFC 8032, from which the rest follows. */
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  /** For an entity key derived from a developer's: which developer, and the index. */
  readonly derivedFrom?: Derivation
}

export interface Derivation {
  readonly developerPublicKey: Uint8Array
  readonly entityIndex: number
}

/** The key pair of a 32-byte seed. Throws on any other length. */
export const keyPairOf = (seed: Uint8Array, derivedFrom?: Derivation): KeyPair => {
  const pair = { seed: Uint8Array.from(seed), publicKey: publicKeyOf(seed) }
  return derivedFrom === undefined ? pair : { ...pair, derivedFrom }
}

export const formatKeyFile = (pair: KeyPair): string => {
  const { publicKey, seed, derivedFrom } = pair
  const derived = derivedFrom && {
    developer_public_key: formatKey(derivedFrom.developerPublicKey),
    entity_index: derivedFrom.entityIndex,
  }
  return `${JSON.stringify({ public_key: base64(publicKey), private_key: base64(seed), derived_from: derived }, null, 2)}\n`
}

/**
 * The key pair that a key file spells. The private key may be the 32-byte seed, or seed and public key together as Go
 * writes it. Fails with `malformed` where a field cannot be read, and with `id_mismatch` where a public key in the file is
 * not that of the seed. No message repeats key material.
 */
export const parseKeyFile = (text: string): Result<KeyPair> => {
  const file = parseJsonObject(text)
  if (file === undefined) return fail('malformed', 'a key file is a JSON object')
  const secret = typeof file.private_key === 'string' ? fromBase64(file.private_key) : undefined
  if (secret?.length !== SEED_BYTES && secret?.length !== SEED_BYTES + PUBLIC_KEY_BYTES) {
    return fail('malformed', 'private_key is not 32 or 64 bytes in base64')
  }
  const seed = secret.slice(0, SEED_BYTES)
  const publicKey = publicKeyOf(seed)
  if (secret.length > SEED_BYTES && !equalBytes(secret.subarray(SEED_BYTES), publicKey)) {
    return fail('id_mismatch', 'the second half of private_key is not the public key of the first')
  }
  if (file.public_key !== undefined) {
    const claimed = keyIn(file.public_key)
    if (claimed === undefined) return fail('malformed', 'public_key is not 32 bytes in base64')
    if (!equalBytes(claimed, publicKey)) return fail('id_mismatch', 'public_key is not that of private_key')
  }
  if (file.derived_from === undefined || file.derived_from === null) return ok({ seed, publicKey })
  const derivedFrom = isJsonObject(file.derived_from) ? derivationIn(file.derived_from) : undefined
  if (derivedFrom === undefined) {
    return fail(
      'malformed',
      'derived_from is not {"developer_public_key": key, "entity_index": unsigned 32-bit integer}',
    )
  }
  return ok({ seed, publicKey, derivedFrom })
}

const derivationIn = (value: JsonObject): Derivation | undefined => {
  const developerPublicKey = keyIn(value.developer_public_key)
  const entityIndex = value.entity_index ?? value.index
  if (developerPublicKey === undefined || typeof entityIndex !== 'number') return undefined
  if (!Number.isInteger(entityIndex) || entityIndex < 0 || entityIndex > ENTITY_INDEX_MAX) return undefined
  return { developerPublicKey, entityIndex }
}

/** A public key in base64, with or without `ed25519:` before it: Zynd's tools write both. */
const keyIn = (value: unknown): Uint8Array | undefined => {
  if (typeof value !== 'string') return undefined
  const bytes = fromBase64(value.replace(/^ed25519:/, ''))
  return bytes?.length === PUBLIC_KEY_BYTES ? bytes : undefined
}
