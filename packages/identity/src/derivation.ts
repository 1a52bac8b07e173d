/** How one developer seed gives the keys of all of the developer's entities (zynd-wire §1). */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { type DeveloperProof, developerProofBytes, type Signer } from '@rollcall/protocol'

export const SEED_BYTES = 32
export const ENTITY_INDEX_MAX = 0xffffffff

// One label for agents and services alike.
const LABEL = new TextEncoder().encode('zns:agent:')

/** 32 bytes from the platform's secure source of chance. */
export const generateSeed = (): Uint8Array => ed25519.utils.randomSecretKey()

/**
 * The seed of a developer's entity key: the first 32 bytes of SHA-512(developer seed ‖ "zns:agent:" ‖ index as big-endian
 * u32). Throws where the seed is not 32 bytes or the index no u32.
 */
export const deriveEntitySeed = (developerSeed: Uint8Array, entityIndex: number): Uint8Array => {
  if (developerSeed.length !== SEED_BYTES)
    throw new Error(`a seed has ${SEED_BYTES} bytes, not ${developerSeed.length}`)
  const index = new Uint8Array(4)
  new DataView(index.buffer).setUint32(0, checkedIndex(entityIndex))
  return sha512.create().update(developerSeed).update(LABEL).update(index).digest().slice(0, SEED_BYTES)
}

/** A developer's word that an entity key is theirs (zynd-wire S12). Throws where the index is no u32. */
export const developerProof = (
  developer: Signer,
  entityPublicKey: Uint8Array,
  entityIndex: number,
): DeveloperProof => ({
  publicKey: developer.publicKey,
  entityIndex: checkedIndex(entityIndex),
  signature: developer.sign(developerProofBytes(entityPublicKey, entityIndex)),
})

const checkedIndex = (index: number): number => {
  if (!Number.isInteger(index) || index < 0 || index > ENTITY_INDEX_MAX) {
    throw new Error(`an entity index is an integer from 0 to ${ENTITY_INDEX_MAX}, not ${index}`)
  }
  return index
}
