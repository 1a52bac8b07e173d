/**
 * Canonical JSON over the text as it was received (zynd-wire.md §2): keys sorted, no white space, strings as JSON.stringify
 * writes them, and every number exactly as it stood there. Python writes `1.0` and `1e-07` where JavaScript writes `1` and
 * `1e-7`, so a number that was parsed and written again would no longer be the one that was signed.
 */
import { isWellFormedJson, parseJsonObject } from '@rollcall/protocol'

const SPACE = /[ \t\n\r]*/y
const STRING = /"(?:[^"\\]+|\\.)*"/y
const LITERAL = /[^\s,\]}]+/y

/**
 * The canonical form of the object that `text` spells, without the members of these names at its top. Undefined where it
 * is no object, is nested too deeply, holds half a surrogate pair, or gives a name twice in one object: what was signed is
 * then a matter of opinion.
 */
export const canonicalText = (text: string, omit: readonly string[]): string | undefined => {
  const parsed = parseJsonObject(text)
  if (parsed === undefined || !isWellFormedJson(parsed)) return undefined
  const reader = new Reader(text)
  const canonical = reader.value(omit)
  return reader.hasRepeatedKey ? undefined : canonical
}

/** Reads text that is known to be JSON of bounded depth. */
class Reader {
  readonly #text: string
  #at = 0
  hasRepeatedKey = false

  constructor(text: string) {
    this.#text = text
  }

  value(omit: readonly string[] = []): string {
    this.#take(SPACE)
    const first = this.#text[this.#at]
    if (first === '{') return this.#object(omit)
    if (first === '[') return this.#array()
    if (first === '"') return JSON.stringify(this.#string())
    return this.#take(LITERAL)
  }

  #object(omit: readonly string[]): string {
    const members = new Map<string, string>()
    this.#at++
    while (!this.#ends('}')) {
      const key = this.#string()
      this.#take(SPACE)
      this.#at++
      const value = this.value()
      if (members.has(key)) this.hasRepeatedKey = true
      members.set(key, value)
    }
    const shown = [...members.keys()].filter((key) => !omit.includes(key)).sort()
    return `{${shown.map((key) => `${JSON.stringify(key)}:${members.get(key)}`).join(',')}}`
  }

  #array(): string {
    const items: string[] = []
    this.#at++
    while (!this.#ends(']')) items.push(this.value())
    return `[${items.join(',')}]`
  }

  /** Passes white space and a comma; whether the bracket follows, which is then passed too. */
  #ends(bracket: string): boolean {
    this.#take(SPACE)
    if (this.#text[this.#at] === ',') {
      this.#at++
      this.#take(SPACE)
    }
    if (this.#text[this.#at] !== bracket) return false
    this.#at++
    return true
  }

  #string(): string {
    return String(JSON.parse(this.#take(STRING)))
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [found = ''] = pattern.exec(this.#text) ?? []
    this.#at += found.length
    return found
  }
}
