import type { SeededRandom } from '@rollcall/testkit'

/** The vocabulary of all profiles: small, so that every word is borne by several entities and searched for often. */
export const WORDS: readonly string[] = [
  'weather',
  'forecast',
  'translate',
  'summary',
  'invoice',
  'travel',
  'search',
  'price',
  'music',
  'health',
  'legal',
  'code',
]

export const drawWords = (random: SeededRandom, count: number): string[] =>
  Array.from({ length: count }, () => WORDS[random.below(WORDS.length)] ?? 'weather')
