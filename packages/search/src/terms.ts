/**
 * Everything a document is found by: its terms. Words stand as they are; values that are compared as wholes (category,
 * tag, developer, exact name, FQAN) carry a letter and a colon in front, which no word can hold.
 */
import type { SearchDocument } from './document.ts'
import { FIELDS } from './fields.ts'
import { TAGS_MAX } from './limits.ts'
import { eachDocumentToken, foldLabel, queryTokens } from './tokenizer.ts'

/** Bits of a set of fields. */
export const FIELD_BITS = 5

/** Impact of a payload, 0 for terms that are not words. */
export const impactOfPayload = (payload: number): number => payload >>> FIELD_BITS

export const categoryTerm = (category: string): string => `c:${foldLabel(category)}`
export const tagTerm = (tag: string): string => `t:${foldLabel(tag)}`
export const developerTerm = (developerId: string): string => `d:${foldLabel(developerId)}`
export const handleTerm = (handle: string): string => `h:${foldLabel(handle)}`
export const fqanTerm = (fqan: string): string => `q:${fqanKey(fqan)}`
/** Two names are the same name when their words are: `Weather-Bot` and `weather bot`. A name without words has none. */
export const nameTerm = (name: string): string => `n:${queryTokens(name).join(' ')}`

/** An FQAN in the form in which FQANs are compared. */
export const fqanKey = (fqan: string): string => foldLabel(fqan).replace(/^(zns|agdns):\/\//, '')

/** The payload of a word's posting. That of a term that is no word is 0. */
export const packPayload = (impact: number, fields: number): number => (impact << FIELD_BITS) | fields

/** Calls `take` with each word of a field's values, in order, repeats included. */
export const eachWord = (values: readonly string[], take: (word: string) => void): void => {
  for (const value of values) eachDocumentToken(value, take)
}

/** The words of the document, each once. */
const wordsOf = (document: SearchDocument): Set<string> => {
  const words = new Set<string>()
  for (const field of FIELDS) eachWord(field.values(document), (word) => words.add(word))
  return words
}

/** The terms that stand for whole values of the document. */
export const wholeTerms = (document: SearchDocument): string[] => {
  const terms = [nameTerm(document.name), categoryTerm(document.category)]
  for (const tag of document.tags.slice(0, TAGS_MAX)) terms.push(tagTerm(tag))
  if (document.developerId !== undefined) terms.push(developerTerm(document.developerId))
  if (document.developerHandle !== undefined) terms.push(handleTerm(document.developerHandle))
  if (document.fqan !== undefined) terms.push(fqanTerm(document.fqan))
  return terms
}

/** All that the document is found by, each term once. */
export const documentTerms = (document: SearchDocument): Set<string> => {
  const terms = wordsOf(document)
  for (const term of wholeTerms(document)) terms.add(term)
  return terms
}

/**
 * The words by which other nodes may look for this document: each of its words once, its id, and its FQAN if it has one
 * (F2). What search finds by text, category or tag is therefore never missed by a filter of these words.
 */
export function* filterWords(document: SearchDocument): Generator<string> {
  yield* wordsOf(document)
  yield document.id
  if (document.fqan !== undefined) yield fqanKey(document.fqan)
}
