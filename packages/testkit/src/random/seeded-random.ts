import { createHash } from 'node:crypto'
import type { Random } from '@rollcall/core'

/**
 * Chance that repeats: the same seed gives the same numbers on every machine.
 *
 * The generator is sfc32 ("small fast counting") of Chris Doty-Humphrey's PractRand, 128 bits of state of which 32 are a
 * counter, so no seed gives a period under 2^32. Its state is filled from SHA-256 of the seed. Not for secrets.
 *
 * `split` exists so that one simulated part draws from a stream of its own: asking for one more number in one place then
 * changes nothing anywhere else, and a pinned seed keeps its meaning longer.
 */
export class SeededRandom implements Random {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: number | string) {
    this.#seed = String(seed)
    const state = createHash('sha256').update(this.#seed, 'utf8').digest()
    this.#a = state.readInt32LE(0)
    this.#b = state.readInt32LE(4)
    this.#c = state.readInt32LE(8)
    this.#counter = state.readInt32LE(12)
  }

  /** A generator that depends on this one's seed and `label` only, not on what was drawn before. */
  split(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`)
  }

  next(): number {
    return this.uint32() / 2 ** 32
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i += 4) {
      const word = this.uint32()
      for (let j = i; j < Math.min(i + 4, length); j++) out[j] = word >>> (8 * (j - i))
    }
    return out
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** An integer in [0, 2^32): one step of the generator. */
  uint32(): number {
    const out = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0
    return out >>> 0
  }
}
