/** The digest of rule S1a, written down once more from its text: with big integers, and nothing kept between two calls. */
import { createHash } from 'node:crypto'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Hexadecimal fingerprint of a set of 32-byte hashes. */
export const referenceDigest = (hashes: readonly Uint8Array[]): string => {
  const littleEndian = (hash: Uint8Array): bigint => BigInt(`0x${hex(Uint8Array.from(hash).reverse())}`)
  const sum = hashes.reduce((total, hash) => total + littleEndian(hash), 0n) % 2n ** 256n
  const bytes = Buffer.alloc(40)
  Buffer.from(sum.toString(16).padStart(64, '0'), 'hex').reverse().copy(bytes)
  bytes.writeBigUInt64LE(BigInt(hashes.length), 32)
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}
