import { createPublicKey, verify } from 'node:crypto'
import { strictEncoding } from '@rollcall/identity'
import type { Verifier } from '@rollcall/protocol'

/**
 * The node's verifier without its threads: answers within the turn, so that manual time does not run ahead of it. Same
 * answers as the others by the same pre-check.
 */
export const inlineVerifier: Verifier = {
  verify(publicKey, message, signature) {
    if (!strictEncoding(publicKey, signature)) return Promise.resolve(false)
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }
    return Promise.resolve(verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature))
  },
}
