import { type EntityId, parseEntityId } from '@rollcall/protocol'
import type { SearchDocument, SearchQuery } from '@rollcall/search'
import { FIELDS, type Field, impactOf, occurrenceWeight, SKILL_FIELDS } from '../src/fields.ts'
import { shownScore, wordWeight } from '../src/score.ts'
import { fold, queryTokens } from '../src/tokenizer.ts'
import { documentTokens } from './documents.ts'

interface Ranked {
  readonly id: EntityId
  readonly score: number
}

/** What search must answer, by looking at every document: no index, no heap, no shards. */
export const searchByHand = (all: readonly SearchDocument[], query: SearchQuery): { hits: Ranked[]; found: number } => {
  const text = query.text.trim()
  const named = all.filter(
    (it) => it.id === text || (it.fqan !== undefined && text.includes('/') && sameFqan(it.fqan, text)),
  )
  const isLookup = named.length > 0 || parseEntityId(text) !== undefined
  const words = [...new Set(queryTokens(text))]
  const skills = [...new Set((query.skills ?? []).flatMap(queryTokens))]
  const matching = (isLookup ? named : all)
    .filter((it) => passes(it, query, isLookup))
    .filter((it) => isLookup || text === '' || words.some((word) => has(it, word)))
  const places = matching.map((it) => {
    const matched = words.filter((word) => has(it, word)).length
    const level = isLookup ? 18 : matched + (matched > 0 && sameName(it.name, text) ? 1 : 0)
    const sum = isLookup ? 0 : sumOf(words, it, all, 31) + sumOf(skills, it, all, SKILL_FIELDS)
    return { id: it.id, score: level * 2 ** 32 + sum, recency: text === '' ? it.lastActiveMs : 0 }
  })
  places.sort((a, b) => b.score - a.score || b.recency - a.recency || (a.id < b.id ? -1 : 1))
  const page = places.slice(query.offset, query.offset + query.limit)
  return { hits: page.map(({ id, score }) => ({ id, score: shownScore(score) })), found: places.length }
}

const sameFqan = (a: string, b: string): boolean => fold(a) === fold(b).replace('zns://', '')
const sameName = (a: string, b: string): boolean => queryTokens(a).join(' ') === queryTokens(b).join(' ')
const label = (value: string): string => fold(value).trim()

const passes = (it: SearchDocument, query: SearchQuery, anyStatus: boolean): boolean =>
  (anyStatus || query.status === 'any' || it.status === query.status) &&
  (query.type === undefined || it.type === query.type) &&
  (query.category === undefined || label(it.category) === label(query.category)) &&
  (query.developerId === undefined || it.developerId === query.developerId) &&
  (query.developerHandle === undefined || label(it.developerHandle ?? '') === label(query.developerHandle)) &&
  (!query.tags?.length || query.tags.some((tag) => it.tags.some((own) => label(own) === label(tag))))

const wordsOf = (field: Field, it: SearchDocument): string[] => field.values(it).flatMap(documentTokens)
const has = (it: SearchDocument, word: string): boolean => FIELDS.some((field) => wordsOf(field, it).includes(word))

const sumOf = (words: string[], it: SearchDocument, all: readonly SearchDocument[], fields: number): number => {
  let sum = 0
  for (const word of words) {
    const holding = FIELDS.filter((field) => wordsOf(field, it).includes(word))
    if (!holding.some((field) => (field.bit & fields) !== 0)) continue
    const occurrences = holding.map((field) => {
      const own = wordsOf(field, it)
      return own.filter((other) => other === word).length * occurrenceWeight(field, own.length)
    })
    const count = all.filter((other) => has(other, word)).length
    sum += wordWeight(count, all.length) * impactOf(occurrences.reduce((a, b) => a + b, 0))
  }
  return sum
}
