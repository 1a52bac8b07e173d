import type { EntityId } from '@rollcall/protocol'
import { Collection } from './collection.ts'
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts'
import type { SearchDocument, SearchStatus } from './document.ts'
import { Evaluator } from './evaluator.ts'
import { PAGE_DEPTH_MAX } from './limits.ts'
import { type Filter, filterOf, planOf, weighedTerms } from './plan.ts'
import { slotOf } from './posting-lists.ts'
import type { SearchHit, SearchProblem, SearchQuery, SearchResult } from './query.ts'
import { type QueryText, readQueryText } from './query-text.ts'
import { Ranking } from './ranking.ts'
import { EXACT_SCORE, freshness, shownScore, wordWeight } from './score.ts'
import { SHARD_SLOTS } from './shard.ts'
import { filterWords, fqanTerm } from './terms.ts'

/**
 * The searchable projection of a node's entities (F1). Every change is visible to the next search (F4). Results are a
 * function of the documents alone: neither the order in which they came nor what was removed shows in them.
 */
export class SearchIndex {
  readonly #collection = new Collection()
  readonly #evaluator = new Evaluator()

  /** Number of documents, active or not. */
  get size(): number {
    return this.#collection.size
  }

  /**
   * Adds the document, or replaces the one with its id. Takes tens of microseconds. Throws RangeError where
   * `lastActiveMs` is not a whole number, 0 or more.
   */
  put(document: SearchDocument): void {
    this.#collection.put(document)
  }

  /** The document with this id as it was last put, if there is one; its presence may have changed since (`setStatus`). */
  document(id: EntityId): SearchDocument | undefined {
    const number = this.#collection.numberOf(id)
    return number === undefined ? undefined : this.#collection.document(number)
  }

  /** Removes the document, if there is one. */
  remove(id: EntityId): void {
    this.#collection.remove(id)
  }

  /** Changes the presence of the document, if there is one. Touches no posting. */
  setStatus(id: EntityId, status: SearchStatus, lastActiveMs: number): void {
    this.#collection.setStatus(id, status, lastActiveMs)
  }

  /**
   * The page of hits that the query asks for, best first, with the count of all that match.
   *
   * With words: documents that hold any of them. Those whose whole name is the text come first, then those that hold
   * more of the words, then the greater BM25F score, then the lesser id. Without: all that pass the filters, by skills
   * matched, then most recently active, then id.
   *
   * Costs about five nanoseconds for each of a word's documents, summed over the words; browsing visits every document.
   * Throws RangeError where limit or offset is not a whole number, 0 or more.
   */
  search(query: SearchQuery): SearchResult {
    assertCount('limit', query.limit)
    assertCount('offset', query.offset)
    if (query.offset + query.limit > PAGE_DEPTH_MAX) return failed('page_too_deep')
    const text = readQueryText(query.text)
    const { words, skills } = weighedTerms(query, text)
    const terms = [...words, ...skills]
    const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor, terms)
    if (query.cursor !== undefined && cursor === undefined) return failed('cursor_invalid')

    const weights = cursor?.weights ?? terms.map((term) => wordWeight(this.#collection.count(term), this.size))
    const ranking = new Ranking({
      // One more than the page ends with tells whether there is a next page.
      capacity: query.offset + query.limit + 1,
      after: cursor?.after,
      idOf: (number) => this.#collection.document(number).id,
    })
    const exact = this.#exact(text)
    if (exact !== undefined) this.#rankExact(exact, filterOf(query, true), ranking)
    else {
      const plan = planOf(query, text, { words, skills }, weights)
      this.#collection.shards.forEach((shard, i) => {
        this.#evaluator.run(shard, i * SHARD_SLOTS, plan, ranking)
      })
    }
    return this.#page(query, ranking, (after) => encodeCursor({ after, weights }, terms))
  }

  /**
   * The words of every accepted document, for a filter (F2), document by document: repeats are not removed. Lazy, so
   * that a caller with many documents may pause between words; documents put meanwhile may be missing.
   */
  *words(accept: (entry: { id: EntityId; status: SearchStatus }) => boolean): Generator<string> {
    for (const shard of this.#collection.shards) {
      for (let slot = 0; slot < shard.slotsEnd; slot += 1) {
        const document = shard.document(slot)
        if (document === undefined) continue
        if (accept({ id: document.id, status: shard.isActive(slot) ? 'active' : 'inactive' }))
          yield* filterWords(document)
      }
    }
  }

  /** Numbers of the documents that the text names by id or FQAN, or undefined where it is to be read as words. */
  #exact(text: QueryText): number[] | undefined {
    if (text.kind === 'id') {
      const number = this.#collection.numberOf(text.id)
      return number === undefined ? [] : [number]
    }
    if (text.kind === 'browse' || text.fqan === undefined) return undefined
    const term = fqanTerm(text.fqan)
    const numbers = this.#collection.shards.flatMap((shard, i) =>
      Array.from(shard.terms.postings(term) ?? [], (posting) => i * SHARD_SLOTS + slotOf(posting)),
    )
    return numbers.length === 0 ? undefined : numbers
  }

  #rankExact(numbers: readonly number[], { flags, clauses }: Filter, ranking: Ranking): void {
    for (const number of numbers) {
      const { shard, slot } = this.#collection.location(number)
      const passes = ((shard.flags[slot] ?? 0) & flags.mask) === flags.wanted
      if (passes && clauses.every((clause) => clause.some((term) => shard.terms.has(term, slot)))) {
        ranking.found += 1
        ranking.offer(EXACT_SCORE, 0, shard.idOrder[slot] ?? 0, number)
      }
    }
  }

  #page(query: SearchQuery, ranking: Ranking, cursorAfter: (after: Cursor['after']) => string): SearchResult {
    const newestMs = this.#collection.newestMs()
    const best = ranking.best()
    const page = best.slice(query.offset, query.offset + query.limit)
    const hits = page.map(({ document, score }) => this.#hit(document, score, newestMs))
    const [last, lastHit] = [page.at(-1), hits.at(-1)]
    const isEnd = best.length <= query.offset + query.limit
    if (isEnd || last === undefined || lastHit === undefined) return { hits, totalFound: ranking.found }
    const nextCursor = cursorAfter({ score: last.score, recencyMs: last.recencyMs, id: lastHit.id })
    return { hits, totalFound: ranking.found, nextCursor }
  }

  #hit(number: number, score: number, newestMs: number): SearchHit {
    const { shard, slot } = this.#collection.location(number)
    const shown = shownScore(score)
    const lastActiveMs = shard.lastActiveMs[slot] ?? 0
    return {
      id: this.#collection.document(number).id,
      score: shown,
      breakdown: {
        text_relevance: shown,
        freshness: freshness(lastActiveMs, newestMs),
        availability: shard.isActive(slot) ? 1 : 0,
      },
      lastActiveMs,
    }
  }
}

const failed = (problem: SearchProblem): SearchResult => ({ hits: [], totalFound: 0, problem })

const assertCount = (name: string, value: number): void => {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} must be a whole number, 0 or more, but is ${value}`)
  }
}
