/** A map that forgets the entry used longest ago once it holds more than `entriesMax`. Every call is O(1). */
export class Lru<K, V> {
  // A Map keeps the order of insertion; an entry that is used is inserted anew.
  readonly #entries = new Map<K, V>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    if (!Number.isInteger(entriesMax) || entriesMax < 1) throw new Error(`a cache of ${entriesMax} entries`)
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** The value of `key`, made by `make` where it is not held. */
  getOr(key: K, make: () => V): V {
    const held = this.#entries.get(key)
    const value = held ?? make()
    if (held !== undefined) this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#entriesMax) this.#forgetOldest()
    return value
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key)
      return
    }
  }
}
