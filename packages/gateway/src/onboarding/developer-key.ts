/** A developer's key that this node makes for a program without a browser, seals for it, and forgets. */
import { createCipheriv, createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { Random } from '@rollcall/core'
import { base64, developerIdOf, type Signer, utf8 } from '@rollcall/protocol'

export interface DeveloperKey {
  readonly seed: Uint8Array
  readonly signer: Signer
  readonly developerId: string
}

/** What comes before the seed in a PKCS #8 private key of Ed25519 (RFC 8410). */
const PKCS8_HEAD = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)
const NONCE_BYTES = 12

export const makeDeveloperKey = (random: Random): DeveloperKey => {
  const seed = random.bytes(32)
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = publicKeyOf(key)
  const signer: Signer = { publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) }
  return { seed, signer, developerId: developerIdOf(publicKey) }
}

const publicKeyOf = (key: KeyObject): Uint8Array =>
  new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))

/**
 * The seed as Zynd's `auth login` opens it: base64 of nonce (12 bytes), ciphertext and tag (16), AES-256-GCM under the
 * SHA-256 of the state, over the seed in base64 (zynd-wire.md §4.4).
 */
export const sealKey = (seed: Uint8Array, state: string, random: Random): string => {
  const nonce = random.bytes(NONCE_BYTES)
  const secret = createHash('sha256').update(state, 'utf8').digest()
  const cipher = createCipheriv('aes-256-gcm', secret, nonce)
  const text = Buffer.concat([cipher.update(utf8(base64(seed))), cipher.final()])
  return base64(Buffer.concat([nonce, text, cipher.getAuthTag()]))
}
