/** Ed25519 by OpenSSL through node:crypto: what a node verifies every beat with. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Signer, Verifier } from '@rollcall/protocol'
import { SEED_BYTES } from './derivation.ts'
import { Lru } from './lru.ts'
import { strictEncoding } from './strict-encoding.ts'

// DER of an Ed25519 seed up to its 32 raw bytes (RFC 8410 §7).
const PKCS8_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex')

// As JSON Web Key (RFC 8037): importing one costs 10 microseconds, the same key in DER 95.
const publicKeyObject = (publicKey: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }, format: 'jwk' })

const KEYS_MAX = 20_000

export interface NativeVerifierInit {
  /**
   * Keys held ready for use, default 20 000. Each costs about 1.5 KiB, so the default at most 30 MiB; with fewer keys than
   * entities that beat here, a beat whose key was forgotten costs some 10 microseconds more on the event loop.
   */
  readonly keysMax?: number
}

/**
 * Verifies on the thread pool of libuv, so that the event loop only hands over and takes back. Calls under way are as many
 * as the caller makes: whoever takes input from outside bounds them there.
 */
export class NativeVerifier implements Verifier {
  readonly #keys: Lru<string, KeyObject>

  constructor(init: NativeVerifierInit = {}) {
    this.#keys = new Lru(init.keysMax ?? KEYS_MAX)
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (!strictEncoding(publicKey, signature)) return Promise.resolve(false)
    const key = this.#keyObject(publicKey)
    return new Promise((resolve, reject) => {
      verify(null, message, key, signature, (error, holds) => (error === null ? resolve(holds) : reject(error)))
    })
  }

  #keyObject(publicKey: Uint8Array): KeyObject {
    const raw = Buffer.from(publicKey)
    return this.#keys.getOr(raw.toString('latin1'), () => publicKeyObject(raw))
  }
}

/** Signs with the key of a 32-byte seed, synchronously (about 50 microseconds). Throws on any other length. */
export const nativeSigner = (seed: Uint8Array): Signer => {
  if (seed.length !== SEED_BYTES) throw new Error(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`)
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, seed]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  const publicKey = Uint8Array.from(Buffer.from(x ?? '', 'base64url'))
  return { publicKey, sign: (message) => Uint8Array.from(sign(null, message, key)) }
}
