/**
 * Scores as integers. Inside the index a score is `words matched × WORD_LEVEL + sum of weight × impact`: documents that
 * match more of the query's words always come first, and among these the BM25F sum decides. Integers add up to the same
 * sum in any order, so two nodes that hold the same documents never disagree by a rounding.
 */
import { IMPACT_MAX } from './fields.ts'
import { QUERY_SKILLS_MAX, QUERY_WORDS_MAX } from './limits.ts'

const WEIGHT_SCALE = 1024
/** Largest weight of a word: what 2^32 documents would give a word of one of them. */
export const WEIGHT_MAX = 32_767

/** One matched word. Above every possible sum of weight × impact. */
export const WORD_LEVEL = 2 ** 32
/** The text is the document's id or FQAN. Above every document that is found by words. */
export const EXACT_SCORE = (QUERY_WORDS_MAX + 2) * WORD_LEVEL

/** Sum at which the shown fraction is one half: a fair match of a word of medium rarity. */
const HALF_SHOWN = 2 ** 22

if ((QUERY_WORDS_MAX + QUERY_SKILLS_MAX) * WEIGHT_MAX * IMPACT_MAX >= WORD_LEVEL) {
  throw new Error('a sum of weight × impact could pass for a matched word')
}

/**
 * Weight of a word that `count` of `total` documents hold: BM25's inverse document frequency in the form that is never
 * negative (Robertson, Zaragoza 2009, plus one under the logarithm), as an integer from 1 to
 * `WEIGHT_MAX`. All documents count, active or not, so that weights do not change with every beat.
 */
export const wordWeight = (count: number, total: number): number =>
  Math.max(1, Math.min(WEIGHT_MAX, Math.round(WEIGHT_SCALE * Math.log1p((total - count + 0.5) / (count + 0.5)))))

/** A score as shown: 0 to 1, strictly monotone, so that hits of several nodes can be merged by it. */
export const shownScore = (score: number): number => {
  const level = Math.floor(score / WORD_LEVEL)
  const sum = score - level * WORD_LEVEL
  const height = level + sum / (sum + HALF_SHOWN)
  return height / (height + 1)
}

const DAY_MS = 86_400_000

/** 1 for what was active last of all, 1/2 a day earlier, 1/3 two days earlier. */
export const freshness = (lastActiveMs: number, newestMs: number): number => DAY_MS / (DAY_MS + newestMs - lastActiveMs)
