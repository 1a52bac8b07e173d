/** Sums of SHA-256 hashes modulo 2^256, in eight little-endian limbs, and the fingerprint of a sum (S1a). */
import { sha256 } from '@noble/hashes/sha2.js'

const LIMBS = 8

export type Sum = Uint32Array

export const zeroSum = (): Sum => new Uint32Array(LIMBS)

const limb = (hash: Uint8Array, at: number): number =>
  ((hash[at] ?? 0) | ((hash[at + 1] ?? 0) << 8) | ((hash[at + 2] ?? 0) << 16) | ((hash[at + 3] ?? 0) << 24)) >>> 0

export const addHash = (sum: Sum, hash: Uint8Array): void => {
  let carry = 0
  for (let i = 0; i < LIMBS; i++) {
    const total = (sum[i] ?? 0) + limb(hash, 4 * i) + carry
    sum[i] = total
    carry = total > 0xffffffff ? 1 : 0
  }
}

export const subtractHash = (sum: Sum, hash: Uint8Array): void => {
  let borrow = 0
  for (let i = 0; i < LIMBS; i++) {
    const difference = (sum[i] ?? 0) - limb(hash, 4 * i) - borrow
    sum[i] = difference
    borrow = difference < 0 ? 1 : 0
  }
}

export const addSum = (sum: Sum, other: Sum): void => {
  let carry = 0
  for (let i = 0; i < LIMBS; i++) {
    const total = (sum[i] ?? 0) + (other[i] ?? 0) + carry
    sum[i] = total
    carry = total > 0xffffffff ? 1 : 0
  }
}

/** The first 16 bytes of SHA-256 over the sum and the count of hashes in it. */
export const fingerprintOf = (sum: Sum, count: number): Uint8Array => {
  const bytes = new Uint8Array(4 * LIMBS + 8)
  const view = new DataView(bytes.buffer)
  sum.forEach((value, i) => {
    view.setUint32(4 * i, value, true)
  })
  view.setBigUint64(4 * LIMBS, BigInt(count), true)
  return sha256(bytes).slice(0, 16)
}
