import { TAGS_MAX } from './limits.ts'
import type { SearchQuery } from './query.ts'
import type { QueryText } from './query-text.ts'
import { readSkills } from './query-text.ts'
import { type FlagTest, flagTest } from './shard.ts'
import { categoryTerm, developerTerm, handleTerm, nameTerm, tagTerm } from './terms.ts'

export interface WeightedTerm {
  readonly term: string
  readonly weight: number
}

/** What must hold of a document whatever the text: its flags, and one term at least of each clause. */
export interface Filter {
  readonly flags: FlagTest
  readonly clauses: readonly (readonly string[])[]
}

/** A query by words or by none, ready to run over the shards. */
export interface Plan {
  readonly filter: Filter
  /** Undefined: browse all that pass the filter, most recently active first. */
  readonly words: readonly WeightedTerm[] | undefined
  /** Term of the documents whose whole name is the text. */
  readonly nameTerm: string
  readonly skills: readonly WeightedTerm[]
}

/** The query's filter; `anyStatus` for lookups, which find an entity whatever its status. */
export const filterOf = (query: SearchQuery, anyStatus: boolean): Filter => {
  const clauses: string[][] = []
  if (query.category !== undefined) clauses.push([categoryTerm(query.category)])
  if (query.developerId !== undefined) clauses.push([developerTerm(query.developerId)])
  if (query.developerHandle !== undefined) clauses.push([handleTerm(query.developerHandle)])
  const tags = query.tags ?? []
  if (tags.length > 0) clauses.push([...new Set(tags.slice(0, TAGS_MAX).map(tagTerm))])
  return { flags: flagTest(anyStatus || query.status === 'any' ? undefined : query.status, query.type), clauses }
}

/** The words of a query whose weights a plan needs, in the order of a cursor: those of the text, then the skills. */
export const weighedTerms = (query: SearchQuery, text: QueryText): { words: readonly string[]; skills: string[] } => ({
  words: text.kind === 'words' ? text.words : [],
  skills: readSkills(query.skills ?? []),
})

export const planOf = (
  query: SearchQuery,
  text: QueryText,
  terms: { words: readonly string[]; skills: readonly string[] },
  weights: readonly number[],
): Plan => {
  const weighted = [...terms.words, ...terms.skills].map((term, i) => ({ term, weight: weights[i] ?? 1 }))
  return {
    filter: filterOf(query, false),
    words: text.kind === 'browse' ? undefined : weighted.slice(0, terms.words.length),
    nameTerm: nameTerm(query.text),
    skills: weighted.slice(terms.words.length),
  }
}
