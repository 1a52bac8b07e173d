/**
 * Canonical JSON as Zynd's clients sign it: keys sorted by UTF-16 unit, no white space, strings as `JSON.stringify` writes
 * them. It equals Python's `json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)` on every value those
 * clients sign (zynd-wire.md §2). Not RFC 8785 in one point: numbers are written as JavaScript writes them.
 */
import { LIMITS } from './limits.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

export const canonicalJson = (value: Json | undefined): string => {
  if (value === undefined || value === null) return 'null'
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object') {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(Object.is(value, -0) ? 0 : value)
}

/** The same value as Go's `json.Marshal` writes it: Zynd's Go clients sign that form of names and handles (zynd-wire.md §2). */
export const goEscaped = (canonical: string): string =>
  canonical.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

const isJsonArray = (value: Json): value is readonly Json[] => Array.isArray(value)

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The object that `text` spells, or undefined where it is not one. Nested deeper than LIMITS.jsonDepthMax it is none, so
 * whatever walks a value may recurse.
 */
export const parseJsonObject = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) && isShallow(value, LIMITS.jsonDepthMax) ? value : undefined
  } catch {
    return undefined
  }
}

const isShallow = (value: unknown, depthMax: number): boolean => {
  if (value === null || typeof value !== 'object') return true
  return depthMax > 0 && Object.values(value).every((member) => isShallow(member, depthMax - 1))
}

/** Whether every string of the value can be written in UTF-8: a lone surrogate cannot, and clients differ about it. */
export const isWellFormedJson = (value: Json | undefined): boolean => {
  if (typeof value === 'string') return !LONE_SURROGATE.test(value)
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(([key, member]) => isWellFormedJson(key) && isWellFormedJson(member))
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/
