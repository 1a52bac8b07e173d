const PARTS = 64

/**
 * A map of many strings. A built-in Map moves all of its entries at once when it doubles, 84 ms at 262 144 keys, and
 * the event loop waits; here it moves one part of 64. Keys are spread by their last two characters, which differ both
 * in ids (hexadecimal digits of a hash) and in words.
 */
export class WideMap<Key extends string, Value> {
  readonly #parts: readonly Map<Key, Value>[] = Array.from({ length: PARTS }, () => new Map<Key, Value>())
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: Key): Value | undefined {
    return this.#part(key).get(key)
  }

  set(key: Key, value: Value): void {
    const part = this.#part(key)
    this.#size -= part.size
    part.set(key, value)
    this.#size += part.size
  }

  delete(key: Key): void {
    if (this.#part(key).delete(key)) this.#size -= 1
  }

  #part(key: Key): Map<Key, Value> {
    const end = key.length
    // NaN beyond the start of a short key becomes 0 in the bitwise sum.
    const at = ((key.charCodeAt(end - 2) * 7) ^ key.charCodeAt(end - 1)) & (PARTS - 1)
    return this.#parts[at] as Map<Key, Value>
  }
}
