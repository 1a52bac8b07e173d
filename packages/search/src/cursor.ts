/**
 * A cursor says behind which place the next page begins, and with which word weights that place was reckoned. A word's
 * weight changes as documents come and go; carrying the weights keeps every other document where it was, so a reader
 * who follows cursors meets each unchanged document exactly once, on whichever node.
 *
 * Form: `1.<query>.<score>.<recency>.<a|s><32 hex digits>.<weight>…`, numbers in base 36: opaque to callers, safe in
 * URLs.
 */
import { parseEntityId } from '@rollcall/protocol'
import { CURSOR_CHARS_MAX } from './limits.ts'
import type { Place } from './ranking.ts'
import { EXACT_SCORE, WEIGHT_MAX } from './score.ts'

export interface Cursor {
  readonly after: Place
  /** Weights of the query's words, then of its skills. */
  readonly weights: readonly number[]
}

const FORM = /^1\.([0-9a-z]{1,7})\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([as])([0-9a-f]{32})((?:\.[0-9a-z]{1,4})*)$/

/** `terms` are the words of the query, in order: a cursor belongs to them. */
export const encodeCursor = ({ after, weights }: Cursor, terms: readonly string[]): string => {
  const id = (after.id.startsWith('zns:svc:') ? 's' : 'a') + after.id.slice(-32)
  return [1, fingerprint(terms), after.score, after.recencyMs, id, ...weights]
    .map((part) => (typeof part === 'number' ? part.toString(36) : part))
    .join('.')
}

/** The cursor, or undefined where the text is none or belongs to other terms. */
export const decodeCursor = (text: string, terms: readonly string[]): Cursor | undefined => {
  if (text.length > CURSOR_CHARS_MAX) return undefined
  const [, query, score, recency, kind, digits, weightsText] = FORM.exec(text) ?? []
  const id = parseEntityId(`zns:${kind === 's' ? 'svc:' : ''}${digits}`)
  const weights = (weightsText ?? '').split('.').slice(1).map(fromBase36)
  const place = { score: fromBase36(score), recencyMs: fromBase36(recency) }
  if (id === undefined || fromBase36(query) !== fingerprint(terms) || weights.length !== terms.length) return undefined
  if (weights.some((weight) => weight < 1 || weight > WEIGHT_MAX)) return undefined
  if (!(place.score <= EXACT_SCORE) || !Number.isSafeInteger(place.recencyMs)) return undefined
  return { after: { ...place, id }, weights }
}

const fromBase36 = (text: string | undefined): number => Number.parseInt(text ?? '', 36)

/** FNV-1a, 32 bits, of the terms (Fowler, Noll, Vo). */
const fingerprint = (terms: readonly string[]): number => {
  let hash = 0x811c9dc5
  for (const char of terms.join('|')) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
