import { LABEL_CHARS_MAX, TAGS_MAX } from '../limits.ts'
import type { SearchQuery } from '../query.ts'
import { readQueryText } from '../query-text.ts'
import { queryTokens } from '../tokenizer.ts'
import type { Filter } from './filter.ts'

/** The parts of a query that a filter can answer; the others (status, type, developer, skills) rule nothing out. */
export type FilterableQuery = Pick<SearchQuery, 'text' | 'category' | 'tags'>

/**
 * Whether a node with this filter may find anything for the query (F3). False is certain, as far as the filter's
 * documents go: those are the active ones (F2), so a query for other statuses must not be narrowed by it.
 */
export const mayMatch = (filter: Pick<Filter, 'mayContain'>, query: FilterableQuery): boolean => {
  const has = (word: string): boolean => filter.mayContain(word)
  const hasLabel = (label: string): boolean => queryTokens(label.slice(0, LABEL_CHARS_MAX)).every(has)
  if (query.category !== undefined && !hasLabel(query.category)) return false
  const tags = (query.tags ?? []).slice(0, TAGS_MAX)
  if (tags.length > 0 && !tags.some(hasLabel)) return false
  const text = readQueryText(query.text)
  if (text.kind === 'browse') return true
  if (text.kind === 'id') return has(text.id)
  return text.words.some(has) || (text.fqan !== undefined && has(text.fqan))
}
