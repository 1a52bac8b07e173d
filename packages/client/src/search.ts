/** Search requests as `GET /v1/search` takes them, and paging over their answers. */
import type { EntityType } from '@rollcall/protocol'
import type { SearchHit, SearchPage } from './answers.ts'

export interface SearchQuery {
  /** Words; without any, entities are listed. */
  readonly query?: string
  /** Default `online`. */
  readonly status?: 'online' | 'offline' | 'any'
  readonly category?: string
  /** Any of them. */
  readonly tags?: readonly string[]
  readonly type?: EntityType
  /** Hits a page; the node has a default and a cap. */
  readonly limit?: number
  /** `next_cursor` of the page before. */
  readonly cursor?: string
}

export const searchPath = (query: SearchQuery): string => {
  const { query: text, tags = [], limit, ...rest } = query
  const params = new URLSearchParams()
  if (text !== undefined) params.set('q', text)
  for (const name of ['status', 'category', 'type', 'cursor'] as const) {
    const value = rest[name]
    if (value !== undefined) params.set(name, value)
  }
  for (const tag of tags) params.append('tag', tag)
  if (limit !== undefined) params.set('limit', String(limit))
  const search = params.toString()
  return search === '' ? '/v1/search' : `/v1/search?${search}`
}

/**
 * Every hit of every page. Hits move between pages while entities come and go, so each is given once; a page that ends where
 * it began ends the search instead of turning in a circle.
 */
export async function* searchPages(
  query: SearchQuery,
  fetchPage: (query: SearchQuery) => Promise<SearchPage>,
): AsyncGenerator<SearchHit> {
  const seen = new Set<string>()
  let cursor = query.cursor
  for (;;) {
    const page = await fetchPage(cursor === undefined ? query : { ...query, cursor })
    for (const hit of page.results) {
      if (!seen.has(hit.entity_id)) yield hit
      seen.add(hit.entity_id)
    }
    if (page.next_cursor === undefined || page.next_cursor === cursor) return
    cursor = page.next_cursor
  }
}
