import type { EntityId, EntityType } from '@rollcall/protocol'
import type { SearchStatus } from './document.ts'

/** One search. All filters must hold; an absent one lets everything pass. */
export interface SearchQuery {
  /**
   * Words to look for. Empty: browse. An entity id or the FQAN of an indexed entity: that entity, whatever its status.
   * At most `QUERY_WORDS_MAX` distinct words count.
   */
  readonly text: string
  readonly status: SearchStatus | 'any'
  /** Whole category, without regard to case. */
  readonly category?: string
  /** Any of these tags, each as a whole, without regard to case. Empty: no filter. */
  readonly tags?: readonly string[]
  /** Words that raise the score of documents that hold them in skills, tags or summary. They exclude nothing. */
  readonly skills?: readonly string[]
  readonly type?: EntityType
  readonly developerId?: string
  readonly developerHandle?: string
  /** Hits wanted, 0 or more. */
  readonly limit: number
  /** Hits to pass over, counted from the start or, with a cursor, from the cursor. */
  readonly offset: number
  /** `nextCursor` of an earlier page of the same text and skills. */
  readonly cursor?: string
}

export interface SearchHit {
  readonly id: EntityId
  /** 0 to 1, comparable within one query. 0 when browsing. */
  readonly score: number
  readonly breakdown: {
    /** Equal to the score: only the text decides the order. */
    readonly text_relevance: number
    /** 1 for the most recently active entity of the index, 0.5 for one active a day before it. Does not rank. */
    readonly freshness: number
    /** 1 if active, else 0. Does not rank. */
    readonly availability: number
  }
  /** With `id` the order of browsing, for whoever merges pages of several nodes. Milliseconds since 1970. */
  readonly lastActiveMs: number
}

/** Why a query from outside could not be answered; its page is empty. */
export type SearchProblem =
  /** Not a cursor of this text and these skills. */
  | 'cursor_invalid'
  /** `offset + limit` is beyond `PAGE_DEPTH_MAX`; follow the cursor instead. */
  | 'page_too_deep'

export interface SearchResult {
  readonly hits: readonly SearchHit[]
  /** All documents that match, on this page or not. Exact. */
  readonly totalFound: number
  /** Present if there are hits behind this page. Opaque, safe in URLs. */
  readonly nextCursor?: string
  readonly problem?: SearchProblem
}
