/**
 * A map from bytes to bytes, read in the order of the key bytes. Keys are held as strings with one character a byte:
 * JavaScript compares strings by code unit, so string order is byte order.
 */
export class ByteMap {
  readonly #values = new Map<string, Uint8Array>()
  /** The keys in order, or undefined once they may have changed. Sorted on demand: scans are rarer than writes. */
  #ordered: readonly string[] | undefined

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(toText(key))
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const text = toText(key)
    if (!this.#values.has(text)) this.#ordered = undefined
    this.#values.set(text, value)
  }

  delete(key: Uint8Array): void {
    if (this.#values.delete(toText(key))) this.#ordered = undefined
  }

  /** The pairs with a key in [gte, lt), ascending. */
  between(gte: Uint8Array | undefined, lt: Uint8Array | undefined): (readonly [Uint8Array, Uint8Array])[] {
    this.#ordered ??= [...this.#values.keys()].sort()
    const from = gte === undefined ? undefined : toText(gte)
    const to = lt === undefined ? undefined : toText(lt)
    return this.#ordered
      .filter((key) => (from === undefined || key >= from) && (to === undefined || key < to))
      .map((key) => [toBytes(key), this.#values.get(key) ?? new Uint8Array()])
  }
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}
