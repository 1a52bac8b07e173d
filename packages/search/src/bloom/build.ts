import { FILTER_BITS_MAX } from './codec.ts'
import { Filter } from './filter.ts'
import type { Hasher } from './hasher.ts'

/** A filter is made for this many times the words it begins with, so that those added until the next build fit too. */
const HEAD_ROOM = 1.25
const CAPACITY_MIN = 1024

/**
 * A filter of the words, with room for a quarter more, and for 1 024 at least, at false positive `rate` (above 0, below
 * 1). Repeats cost time only. Takes about a second for 500 000 words: run it in a worker. Words beyond what fits
 * `FILTER_BYTES_MAX` raise the rate; none is ever lost.
 */
export const buildFilter = (hasher: Hasher, words: Iterable<string>, rate: number): Filter => {
  if (!(rate > 0 && rate < 1)) throw new RangeError(`the false positive rate must lie between 0 and 1, but is ${rate}`)
  const distinct = new Set(words)
  const capacity = Math.max(CAPACITY_MIN, Math.ceil(distinct.size * HEAD_ROOM))
  const { bitCount, hashCount } = hasher.shapeFor(capacity, rate)
  const bits = hasher.create({ bitCount: Math.min(bitCount, FILTER_BITS_MAX), hashCount })
  for (const word of distinct) bits.add(word)
  return new Filter({ bits, capacity, wordCount: distinct.size })
}
