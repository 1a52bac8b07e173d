/**
 * Fingerprint of a set of items, kept incrementally (S1a, S2): the sum of their hashes modulo 2^256 and their count. Adding
 * and removing commute, so the digest is a function of the set and not of the way that led to it.
 */
import { sha256 } from '@noble/hashes/sha2.js'

const LIMBS = 8

export class Digest {
  readonly #sum = new Uint32Array(LIMBS)
  #count = 0

  add(hash: Uint8Array): void {
    const view = new DataView(hash.buffer, hash.byteOffset)
    let carry = 0
    for (let i = 0; i < LIMBS; i++) {
      const sum = (this.#sum[i] ?? 0) + view.getUint32(4 * i, true) + carry
      this.#sum[i] = sum
      carry = sum > 0xffffffff ? 1 : 0
    }
    this.#count++
  }

  remove(hash: Uint8Array): void {
    const view = new DataView(hash.buffer, hash.byteOffset)
    let borrow = 0
    for (let i = 0; i < LIMBS; i++) {
      const difference = (this.#sum[i] ?? 0) - view.getUint32(4 * i, true) - borrow
      this.#sum[i] = difference
      borrow = difference < 0 ? 1 : 0
    }
    this.#count--
  }

  get count(): number {
    return this.#count
  }

  /** 16 bytes: the beginning of SHA-256 over the sum and the count. */
  fingerprint(): Uint8Array {
    const bytes = new Uint8Array(4 * LIMBS + 8)
    const view = new DataView(bytes.buffer)
    this.#sum.forEach((limb, i) => {
      view.setUint32(4 * i, limb, true)
    })
    view.setBigUint64(4 * LIMBS, BigInt(this.#count), true)
    return sha256(bytes).slice(0, 16)
  }
}
