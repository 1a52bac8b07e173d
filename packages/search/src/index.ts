/**
 * Search over the entities of a node: tokenizer, inverted index, ranking. Pure: no clock, no chance, no input or
 * output, so the same documents give the same answer on every node (F1). Filters for other nodes are in
 * `@rollcall/search/bloom`.
 *
 * What a query of several words means: any of them suffices, but a document that matches more of them always ranks
 * above one that matches fewer; rarity and field decide only among equals. (All-of as a filter would answer "nothing"
 * to one misspelt word; any-of with a plain sum lets one rare word outrank three matching ones.)
 *
 * There is no prefix search: an edge node asks only those nodes whose bloom filter may hold a word (F3), and a filter
 * cannot be asked for a prefix, so full and edge nodes would answer differently.
 *
 * @example
 * ```ts
 * const index = new SearchIndex()
 * index.put({ id, type: 'agent', name: 'Weather Bot', category: 'data', tags: ['weather'], summary: 'Forecasts.',
 *   capabilityWords: ['forecast'], status: 'active', lastActiveMs: 1_700_000_000_000 })
 * index.search({ text: 'weather', status: 'active', limit: 20, offset: 0 }).hits[0]?.id // id
 * ```
 */
export type { SearchDocument, SearchStatus } from './document.ts'
export { PAGE_DEPTH_MAX, QUERY_WORDS_MAX } from './limits.ts'
export type { SearchHit, SearchProblem, SearchQuery, SearchResult } from './query.ts'
export { SearchIndex } from './search-index.ts'
export { filterWords } from './terms.ts'
export { fold } from './tokenizer.ts'
