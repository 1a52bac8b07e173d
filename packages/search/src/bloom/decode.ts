import { FILTER_BYTES_MAX, type FilterProblem, parseFilter } from './codec.ts'
import { Filter } from './filter.ts'
import type { Hasher } from './hasher.ts'

export type DecodedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly problem: FilterProblem }

/**
 * The filter in bytes that a peer sent. Checked before anything is allocated: at most `bytesMax` bytes, a known
 * version, exactly the bits announced. What the bits claim is the peer's word: a full filter only makes that peer be
 * asked more.
 */
export const decodeFilter = (
  hasher: Hasher,
  bytes: Uint8Array,
  limits = { bytesMax: FILTER_BYTES_MAX },
): DecodedFilter => {
  const content = parseFilter(bytes, limits.bytesMax)
  if (typeof content === 'string') return { ok: false, problem: content }
  const bits = hasher.create(content)
  bits.bits.set(content.bits)
  return { ok: true, filter: new Filter({ bits, capacity: content.capacity, wordCount: content.wordCount }) }
}
