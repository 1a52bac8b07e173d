import { encodeFilter } from './codec.ts'
import type { BitFilter } from './hasher.ts'

/**
 * A set of words that may answer "perhaps" for a word it does not hold but never "no" for one it does (F2; Bloom 1970).
 * Words go in and never out; a filter that has aged is built anew.
 */
export class Filter {
  readonly #bits: BitFilter
  /** Words up to which the false positive rate holds; build a new filter when `wordCount` comes near. */
  readonly capacity: number
  #wordCount: number

  constructor(init: { bits: BitFilter; capacity: number; wordCount: number }) {
    this.#bits = init.bits
    this.capacity = init.capacity
    this.#wordCount = init.wordCount
  }

  /** Distinct words held; a word taken for one already held (at the false positive rate) is not counted. */
  get wordCount(): number {
    return this.#wordCount
  }

  /** Adds the word; false if the filter already answered "perhaps" for it and so did not change. */
  add(word: string): boolean {
    if (this.#bits.has(word)) return false
    this.#bits.add(word)
    this.#wordCount += 1
    return true
  }

  /** False: surely not added. True: added, or one of the false positives. */
  mayContain(word: string): boolean {
    return this.#bits.has(word)
  }

  /** Share of the bits that are set, 0 to 1. About one half at capacity. Reads all bits. */
  fillRatio(): number {
    const { bits, bitCount } = this.#bits
    let set = 0
    for (let i = 0; i < bits.length; i += 1) set += BITS_OF_BYTE[bits[i] as number] as number
    return set / bitCount
  }

  /** The filter as bytes, for peers; `decodeFilter` reads them. */
  encode(): Uint8Array {
    const { bits, bitCount, hashCount } = this.#bits
    return encodeFilter({ bits, bitCount, hashCount, capacity: this.capacity, wordCount: this.#wordCount })
  }
}

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)
