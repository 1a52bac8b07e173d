/** Ed25519 keys that are the same in every run, signing by node:crypto. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Signer } from '@rollcall/protocol'

const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The signer whose seed is 32 times this byte. */
export const signerOf = (seed: number): Signer => {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return { publicKey: new Uint8Array(spki.subarray(-32)), sign: (message) => new Uint8Array(sign(null, message, key)) }
}

export const nodeSigner: Signer = signerOf(200)
