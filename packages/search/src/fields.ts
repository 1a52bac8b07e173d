/**
 * The fields text is searched in, and how much a word in each says about a document.
 *
 * The formula is BM25F: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section
 * 3.6. A word's counts in the fields are weighted, divided by the field's relative length, summed, and only then
 * saturated, so a word in name *and* summary does not count as two words.
 *
 * One departure: relative length is measured against the fixed `typicalWords` below instead of the collection's
 * average. So what a word says about a document (its *impact*) depends on that document alone: it is computed once, at
 * `put`; no other document, present or deleted, shows in it; and a page read after others came or went still has the
 * order in which it began. The price is a constant to revise if records ever grow much longer.
 */
import type { SearchDocument } from './document.ts'
import { CAPABILITY_WORDS_MAX, LABEL_CHARS_MAX, TAGS_MAX } from './limits.ts'

export interface Field {
  /** Its bit in the set of fields in which a word occurs. */
  readonly bit: number
  /** Occurrences in the summary that one occurrence here is worth. */
  readonly weight: number
  /** Words of an ordinary value; longer values make each of their words count for less. */
  readonly typicalWords: number
  readonly values: (document: SearchDocument) => readonly string[]
}

// Cut where `foldLabel` cuts, so that labels equal as wholes have equal words.
const labels = (values: readonly string[], max: number): readonly string[] => {
  // As a rule there is nothing to cut, and nothing is copied.
  if (values.length <= max && values.every((value) => value.length <= LABEL_CHARS_MAX)) return values
  return values.slice(0, max).map((value) => value.slice(0, LABEL_CHARS_MAX))
}

export const FIELDS: readonly Field[] = [
  { bit: 1, weight: 5, typicalWords: 3, values: (it) => [it.name] },
  { bit: 2, weight: 3, typicalWords: 6, values: (it) => labels(it.tags, TAGS_MAX) },
  { bit: 4, weight: 2, typicalWords: 2, values: (it) => labels([it.category], 1) },
  {
    bit: 8,
    weight: 2,
    typicalWords: 12,
    values: (it) => labels(it.capabilityWords, CAPABILITY_WORDS_MAX),
  },
  { bit: 16, weight: 1, typicalWords: 20, values: (it) => [it.summary] },
]

/** Tags, capability words and summary: where a query's `skills` are looked for. */
export const SKILL_FIELDS = 2 | 8 | 16

/** Count at which a word has said half of what it can say. BM25's k1. */
const HALF_SATURATION = 1.2

/** Largest impact; with five field bits it fills the sixteen bits of a posting's payload. */
export const IMPACT_MAX = 2047

/**
 * 0: length does not matter, 1: a value twice as long halves its words. BM25's b. Above one half, a word of a terse
 * summary would outweigh the category.
 */
const LENGTH_EFFECT = 0.5

/** Occurrences are counted in this fraction of one, as whole numbers. */
const OCCURRENCE_SCALE = 1024

/** What one occurrence counts for in a value of `wordCount` words; 1 at least. */
export const occurrenceWeight = (field: Field, wordCount: number): number => {
  const relativeLength = 1 - LENGTH_EFFECT + (LENGTH_EFFECT * wordCount) / field.typicalWords
  return Math.max(1, Math.round((OCCURRENCE_SCALE * field.weight) / relativeLength))
}

/**
 * What a word says about a document, 1 to `IMPACT_MAX`, from its summed occurrence weights. An integer, so that sums of
 * impacts are exact and the same in any order.
 */
export const impactOf = (occurrences: number): number =>
  Math.max(1, Math.round((IMPACT_MAX * occurrences) / (HALF_SATURATION * OCCURRENCE_SCALE + occurrences)))
