/** Takes a stream of chunks apart at places that the chunks do not know. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next `length` bytes, a copy; undefined where fewer are left. */
  async exactly(length: number): Promise<Uint8Array | undefined> {
    if (!(await this.#hold(length))) return undefined
    return this.#take(length)
  }

  /** The bytes up to the next line feed, that included; undefined where none comes within `max` bytes. */
  async line(max: number): Promise<Uint8Array | undefined> {
    for (let length = 1; length <= max; length++) {
      if (!(await this.#hold(length))) return undefined
      if (this.#held[length - 1] === 0x0a) return this.#take(length)
    }
    return undefined
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#hold(1))
  }

  #take(length: number): Uint8Array {
    const taken = new Uint8Array(this.#held.subarray(0, length))
    this.#held = this.#held.subarray(length)
    return taken
  }

  async #hold(length: number): Promise<boolean> {
    const parts = [this.#held]
    let held = this.#held.length
    while (held < length) {
      const { done, value } = await this.#chunks.next()
      if (done === true) break
      parts.push(Buffer.from(value))
      held += value.length
    }
    if (parts.length > 1) this.#held = Buffer.concat(parts)
    return held >= length
  }
}
