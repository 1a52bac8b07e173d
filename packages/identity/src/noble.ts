/** Ed25519 in pure JavaScript, for browsers and for everything that runs seldom. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { equalBytes, type Signer, type Verifier } from '@rollcall/protocol'
import { strictEncoding } from './strict-encoding.ts'

const { Point } = ed25519

/** The integer that little-endian bytes spell. */
const integerOf = (bytes: Uint8Array): bigint => {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0)
  return value
}

/**
 * Verifies with @noble/curves. About a hundred times slower than the native verifier, and it blocks while it works.
 *
 * The library's own `verify` checks the equation times the cofactor 8, which forgives a torsion component in A or R;
 * OpenSSL checks S·B − k·A = R itself (RFC 8032 §5.1.7 allows either). So that every node and browser gives one answer (I2),
 * the equation without cofactor is checked here too, as OpenSSL does it: compute the left side, compare its encoding with R.
 * That also spares decoding R.
 */
export class NobleVerifier implements Verifier {
  async verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (!strictEncoding(publicKey, signature)) return false
    const key = pointOf(publicKey)
    if (key === undefined) return false
    const encodedR = signature.subarray(0, 32)
    const k = integerOf(sha512.create().update(encodedR).update(publicKey).update(message).digest()) % Point.Fn.ORDER
    const left = Point.BASE.multiplyUnsafe(integerOf(signature.subarray(32))).subtract(key.multiplyUnsafe(k))
    return equalBytes(left.toBytes(), encodedR)
  }
}

/** The point that 32 bytes spell, or undefined where they are on no curve. */
const pointOf = (bytes: Uint8Array): InstanceType<typeof Point> | undefined => {
  try {
    return Point.fromBytes(bytes, false)
  } catch {
    return undefined
  }
}

/** The public key of a 32-byte seed. Throws on any other length. */
export const publicKeyOf = (seed: Uint8Array): Uint8Array => ed25519.getPublicKey(seed)

/** Signs with the key of a 32-byte seed. Throws on any other length. */
export const nobleSigner = (seed: Uint8Array): Signer => {
  const ownSeed = Uint8Array.from(seed)
  return { publicKey: publicKeyOf(ownSeed), sign: (message) => ed25519.sign(message, ownSeed) }
}
