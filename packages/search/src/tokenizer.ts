/**
 * Text to words. A word is a run of letters and digits (with their combining marks) after case folding, so `GPT-4` is
 * `gpt`, `4` and `get_weather` is `get`, `weather`.
 *
 * Scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) have no runs to cut at: their text
 * becomes overlapping pairs, the usual answer where no dictionary is at hand. Documents also yield the single
 * characters, so that a query of one character finds them; a longer query asks for pairs alone, which are more precise.
 *
 * Rejected: stemming and diacritic folding (each is right for some languages and wrong for others) and Intl.Segmenter
 * (its dictionaries differ between ICU versions, so two nodes could index one record differently).
 */
import { LABEL_CHARS_MAX, TOKEN_CODE_POINTS_MAX, VALUE_CHARS_MAX } from './limits.ts'

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
const NOT_ASCII = /[^\0-\x7f]/
// Soft hyphens and zero-width characters would hide a word from those who search it.
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu
const UNSPACED = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u
/** A letter or digit with the marks that stand on it. */
const CLUSTER = /[\p{L}\p{N}]\p{M}*/gu

/**
 * Text in the one form in which texts are compared: compatibility characters unified, lower case, invisible characters
 * gone. Close to NFKC_Casefold (Unicode Standard, section 3.13), which no JavaScript runtime offers.
 */
export const fold = (text: string): string =>
  NOT_ASCII.test(text)
    ? text.replace(IGNORABLE, '').normalize('NFKC').toLowerCase().normalize('NFKC').replaceAll('ς', 'σ')
    : text.toLowerCase()

/** Calls `take` with the words of a document's text, in order, repeats included. */
export const eachDocumentToken = (text: string, take: (word: string) => void): void => eachToken(text, true, take)

/** The words of a query's text, in order, repeats included. Each is also a token of every document that holds it. */
export const queryTokens = (text: string): string[] => {
  const words: string[] = []
  eachToken(text, false, (word) => words.push(word))
  return words
}

/** A short value (tag, category, handle) in the form in which values are compared as wholes. */
export const foldLabel = (label: string): string => fold(label.slice(0, LABEL_CHARS_MAX)).trim()

const eachToken = (text: string, withSingles: boolean, take: (word: string) => void): void => {
  const folded = fold(text.slice(0, VALUE_CHARS_MAX))
  if (!NOT_ASCII.test(folded)) {
    eachAsciiWord(folded, take)
    return
  }
  for (const word of folded.match(WORD) ?? []) {
    if (!UNSPACED.test(word)) take(cut(word))
    else for (const run of scriptRuns(word)) eachOfRun(run, withSingles, take)
  }
}

/** What the pattern `[a-z0-9]+` finds, without the array and the match info that a match allocates. */
const eachAsciiWord = (text: string, take: (word: string) => void): void => {
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    if (isAsciiWord(text.charCodeAt(at))) continue
    if (at > start) take(text.slice(start, Math.min(at, start + TOKEN_CODE_POINTS_MAX)))
    start = at + 1
  }
  if (text.length > start) take(text.slice(start, start + TOKEN_CODE_POINTS_MAX))
}

/** Whether the code is that of a small letter or a digit. */
const isAsciiWord = (code: number): boolean => (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)

interface Run {
  readonly unspaced: boolean
  readonly clusters: string[]
}

/** The word in stretches of one kind, with and without spaces between words: `AI天気` is two. */
const scriptRuns = (word: string): Run[] => {
  const runs: Run[] = []
  for (const cluster of word.match(CLUSTER) ?? []) {
    const unspaced = UNSPACED.test(String.fromCodePoint(cluster.codePointAt(0) ?? 0))
    const last = runs.at(-1)
    if (last?.unspaced === unspaced) last.clusters.push(cluster)
    else runs.push({ unspaced, clusters: [cluster] })
  }
  return runs
}

const eachOfRun = ({ unspaced, clusters }: Run, withSingles: boolean, take: (word: string) => void): void => {
  if (!unspaced) {
    take(cut(clusters.join('')))
    return
  }
  if (withSingles || clusters.length === 1) for (const cluster of clusters) take(cut(cluster))
  for (let i = 1; i < clusters.length; i += 1) take(cut(`${clusters[i - 1]}${clusters[i]}`))
}

const cut = (token: string): string =>
  token.length <= TOKEN_CODE_POINTS_MAX ? token : [...token].slice(0, TOKEN_CODE_POINTS_MAX).join('')
