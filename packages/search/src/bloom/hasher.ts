/**
 * The one file that knows the packages behind the filter: bloom-filters derives the bit positions, xxhash-wasm hashes.
 *
 * bloom-filters hashes with an xxHash written in JavaScript, which takes seconds for half a million words. `Hashing` is
 * its documented place to put another hash: `serialize` is called twice for each word, with two seeds, and its numbers
 * become positions by enhanced double hashing (Dillinger, Manolios 2004). What it returns must be the same whole number
 * each time and not negative; `h32` returns an unsigned 32-bit number, and the seed, wider than that by default, is cut
 * to its lower 32 bits here instead of wherever WebAssembly happens to cut it.
 */

import xxhash, { type XXHashAPI } from 'xxhash-wasm'
import library from '#bloom-filters'

/** Bits with a way to set and to test those of a word. */
export interface BitFilter {
  /** Eight bits a byte, lowest first. */
  readonly bits: Uint8Array
  readonly bitCount: number
  /** Positions a word. */
  readonly hashCount: number
  add(word: string): void
  has(word: string): boolean
}

/** Makes bit filters. Two hashers make equal filters of equal words, on any machine. */
export interface Hasher {
  /** Bits and positions for `capacity` words at `rate` false positives; see `optimalFilterSize` of bloom-filters. */
  shapeFor(capacity: number, rate: number): { bitCount: number; hashCount: number }
  create(shape: { bitCount: number; hashCount: number }): BitFilter
}

class XxHashing extends library.Hashing {
  readonly #xxhash: XXHashAPI

  constructor(api: XXHashAPI) {
    super()
    this.#xxhash = api
  }

  override serialize(word: string, seed = 0): number {
    return this.#xxhash.h32(word, seed >>> 0)
  }
}

let compiled: Promise<XXHashAPI> | undefined

/** Compiles the WebAssembly, once a process or worker. Rejects where the host has no WebAssembly. */
export const createHasher = async (): Promise<Hasher> => {
  compiled ??= xxhash()
  const hashing = new XxHashing(await compiled)
  return {
    shapeFor: (capacity, rate) => {
      const { _size: bitCount, _nbHashes: hashCount } = library.BloomFilter.create(capacity, rate)
      return { bitCount, hashCount }
    },
    create: ({ bitCount, hashCount }) => {
      const filter = new library.BloomFilter(bitCount, hashCount)
      filter._hashing = hashing
      return {
        bits: filter._filter.array,
        bitCount,
        hashCount,
        add: (word) => filter.add(word),
        has: (word) => filter.has(word),
      }
    },
  }
}
