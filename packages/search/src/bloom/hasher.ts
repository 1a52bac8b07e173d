import xxhash, { type XXHashAPI } from 'xxhash-wasm'
import library from '#bloom-filters'

const { BloomFilter, Hashing } = library
export const x = async () => {
  const a: XXHashAPI = await xxhash()
  return [a.h32('a', 1), new BloomFilter(8, 1).has('a'), typeof Hashing]
}
