/**
 * Bloom filters over the words and ids of a node's active entities (F2), and the question an edge node asks them (F3).
 * Light: it pulls in neither index nor ranking, so a worker may import it to build a filter off the main thread.
 *
 * @example
 * ```ts
 * const hasher = await createHasher()
 * const filter = buildFilter(hasher, documents.flatMap((document) => [...filterWords(document)]), 0.01)
 * const decoded = decodeFilter(hasher, filter.encode())
 * if (decoded.ok) mayMatch(decoded.filter, { text: 'weather' })
 * ```
 */

export type { SearchDocument } from '../document.ts'
export { filterWords } from '../terms.ts'
export { buildFilter } from './build.ts'
export { FILTER_BYTES_MAX, type FilterProblem } from './codec.ts'
export { type DecodedFilter, decodeFilter } from './decode.ts'
export type { Filter } from './filter.ts'
export { createHasher, type Hasher } from './hasher.ts'
export { type FilterableQuery, mayMatch } from './may-match.ts'
