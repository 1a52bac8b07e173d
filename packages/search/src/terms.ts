/**
 * Everything a document is found by, as one map of terms. Words stand as they are; values that are compared as wholes
 * (category, tag, developer, exact name, FQAN) carry a letter and a colon in front, which no word can hold.
 */
import type { SearchDocument } from './document.ts'
import { FIELDS, type Field, impactOf, occurrenceWeight } from './fields.ts'
import { TAGS_MAX } from './limits.ts'
import { documentTokens, foldLabel, queryTokens } from './tokenizer.ts'

const FIELD_BITS = 5

/** Impact of a payload, 0 for terms that are not words. */
export const impactOfPayload = (payload: number): number => payload >>> FIELD_BITS
/** Set of the fields in which the word occurs, as bits of `FIELDS`. */
export const FIELDS_OF_PAYLOAD = (1 << FIELD_BITS) - 1

export const categoryTerm = (category: string): string => `c:${foldLabel(category)}`
export const tagTerm = (tag: string): string => `t:${foldLabel(tag)}`
export const developerTerm = (developerId: string): string => `d:${foldLabel(developerId)}`
export const handleTerm = (handle: string): string => `h:${foldLabel(handle)}`
export const fqanTerm = (fqan: string): string => `q:${fqanKey(fqan)}`
/** Two names are the same name when their words are: `Weather-Bot` and `weather bot`. A name without words has none. */
export const nameTerm = (name: string): string => `n:${queryTokens(name).join(' ')}`

/** An FQAN in the form in which FQANs are compared. */
export const fqanKey = (fqan: string): string => foldLabel(fqan).replace(/^(zns|agdns):\/\//, '')

/**
 * The document's terms. A word's value is what it occurs, weighted (`occurrenceWeight`, summed), in the upper bits and
 * the set of fields it occurs in the lower five; the value of any other term is 0. `payloadOf` makes the posting's
 * payload.
 */
export const documentTerms = (document: SearchDocument): Map<string, number> => {
  const terms = new Map<string, number>()
  for (const field of FIELDS) addWords(field, field.values(document), terms)
  terms.set(nameTerm(document.name), 0)
  terms.set(categoryTerm(document.category), 0)
  for (const tag of document.tags.slice(0, TAGS_MAX)) terms.set(tagTerm(tag), 0)
  if (document.developerId !== undefined) terms.set(developerTerm(document.developerId), 0)
  if (document.developerHandle !== undefined) terms.set(handleTerm(document.developerHandle), 0)
  if (document.fqan !== undefined) terms.set(fqanTerm(document.fqan), 0)
  return terms
}

/** The 16-bit payload of a posting: impact and fields of a word, 0 for a term that is none. */
export const payloadOfValue = (value: number): number =>
  value === 0 ? 0 : (impactOf(value >>> FIELD_BITS) << FIELD_BITS) | (value & FIELDS_OF_PAYLOAD)

const addWords = (field: Field, values: readonly string[], terms: Map<string, number>): void => {
  const words: string[] = []
  for (const value of values) for (const word of documentTokens(value)) words.push(word)
  const weight = occurrenceWeight(field, words.length) << FIELD_BITS
  for (const word of words) terms.set(word, ((terms.get(word) ?? 0) + weight) | field.bit)
}

/**
 * The words by which other nodes may look for this document: each of its words once, its id, and its FQAN if it has one
 * (F2). What search finds by text, category or tag is therefore never missed by a filter of these words.
 */
export function* filterWords(document: SearchDocument): Generator<string> {
  yield* new Set(FIELDS.flatMap((field) => field.values(document).flatMap(documentTokens)))
  yield document.id
  if (document.fqan !== undefined) yield fqanKey(document.fqan)
}
