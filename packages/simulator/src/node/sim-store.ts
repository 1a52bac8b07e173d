import type { Clock, KeyRange, Store, StoreOp, Table } from '@rollcall/core'

/** A store whose writes take a while, one after the other. */
export class SimStore implements Store {
  readonly #inner: Store
  readonly #clock: Clock
  readonly #delayMs: () => number
  #last: Promise<unknown> = Promise.resolve()
  #underWay = 0

  constructor(inner: Store, clock: Clock, delayMs: () => number) {
    this.#inner = inner
    this.#clock = clock
    this.#delayMs = delayMs
  }

  open(): Promise<void> {
    return this.#inner.open()
  }

  get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#inner.get(table, key)
  }

  scan(table: Table, range?: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.#inner.scan(table, range)
  }

  write(batch: readonly StoreOp[], options: { readonly durable: boolean }): Promise<void> {
    const delayMs = this.#delayMs()
    if (delayMs === 0 && this.#underWay === 0) return this.#inner.write(batch, options)
    this.#underWay++
    const write = this.#last
      .then(() => new Promise<void>((resolve) => this.#clock.schedule(delayMs, resolve)))
      .then(() => this.#inner.write(batch, options))
      .finally(() => this.#underWay--)
    // The next write waits for this one, whatever became of it; its own caller hears of a failure.
    this.#last = write.catch((error: unknown) => error)
    return write
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
