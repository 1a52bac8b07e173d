import type { Log } from '@rollcall/core'

/**
 * What is open, and how each is closed. Things are closed in the reverse order of opening, each after the one before it
 * is done; one that fails to close is logged and does not keep the others open.
 */
export class ClosingStack {
  readonly #log: Log
  #open: { readonly name: string; readonly close: () => void | Promise<void> }[] = []

  constructor(log: Log) {
    this.#log = log
  }

  push(name: string, close: () => void | Promise<void>): void {
    this.#open.push({ name, close })
  }

  /** Closes everything; true when all of it closed without an error. A second call finds nothing left. */
  async closeAll(): Promise<boolean> {
    const open = this.#open
    this.#open = []
    let isClean = true
    for (const { name, close } of open.reverse()) {
      try {
        await close()
        this.#log.debug(`${name} closed`)
      } catch (error) {
        isClean = false
        this.#log.error(`${name} failed to close`, { error })
      }
    }
    return isClean
  }
}
