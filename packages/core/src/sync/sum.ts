/**
 * Sums of SHA-256 hashes modulo 2^256, and the fingerprint of a sum (S1a). Several sums may lie one behind the other in one
 * array: a place in it is the number of the sum.
 *
 * A hash is cut into limbs of 24 bits, and limbs are added as they are: a double holds the sum of 2^29 of them exactly, so
 * nothing is carried before a fingerprint is asked for. Carrying at each addition makes it five times slower.
 */

import { sha256 } from '@rollcall/protocol'

export const LIMBS = 11
const LIMB_BYTES = 3
const HASH_BYTES = 32

export type Sum = Float64Array

export const zeroSum = (): Sum => new Float64Array(LIMBS)

/** The sum of one hash of 32 bytes. */
export const sumOf = (hash: Uint8Array): Sum => {
  const sum = zeroSum()
  for (let i = 0; i < LIMBS; i++) {
    const at = LIMB_BYTES * i
    sum[i] = (hash[at] ?? 0) | ((hash[at + 1] ?? 0) << 8) | ((hash[at + 2] ?? 0) << 16)
  }
  return sum
}

/** Adds `other` to sum number `at` of `sums`. */
export const addSum = (sums: Sum, other: Sum, at = 0): void => {
  for (let i = 0; i < LIMBS; i++) sums[at * LIMBS + i] = (sums[at * LIMBS + i] ?? 0) + (other[i] ?? 0)
}

/** Subtracts `other`, which was added before, from sum number `at` of `sums`. */
export const subtractSum = (sums: Sum, other: Sum, at = 0): void => {
  for (let i = 0; i < LIMBS; i++) sums[at * LIMBS + i] = (sums[at * LIMBS + i] ?? 0) - (other[i] ?? 0)
}

/** Adds the sums of `sums` before number `end` to `total`. */
export const addSumsBefore = (total: Sum, sums: Sum, end: number): void => {
  for (let i = 0; i < LIMBS; i++) {
    let limb = total[i] ?? 0
    for (let at = i; at < end * LIMBS; at += LIMBS) limb += sums[at] ?? 0
    total[i] = limb
  }
}

/** The first 16 bytes of SHA-256 over the sum (32 bytes) and the count of hashes in it (8 bytes), both little-endian. */
export const fingerprintOf = (sum: Sum, count: number): Uint8Array => {
  const bytes = new Uint8Array(HASH_BYTES + 8)
  let carry = 0
  for (let at = 0; at < HASH_BYTES; at++) {
    // The limb that begins here joins what is carried from the byte before.
    if (at % LIMB_BYTES === 0) carry += sum[at / LIMB_BYTES] ?? 0
    bytes[at] = carry % 256
    carry = Math.floor(carry / 256)
  }
  new DataView(bytes.buffer).setBigUint64(HASH_BYTES, BigInt(count), true)
  return sha256(bytes).slice(0, 16)
}
