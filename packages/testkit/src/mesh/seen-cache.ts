import { createHash } from 'node:crypto'
import type { Topic } from '@rollcall/core'

/** What makes two broadcasts the same message: topic and bytes, as in the real mesh. */
export const messageKey = (topic: Topic, message: Uint8Array): string =>
  createHash('sha256').update(topic).update('\0').update(message).digest('base64')

/** Keys of messages seen within the last `keepMs`. Older ones leave as new ones come. */
export class SeenCache {
  readonly #seenAtMs = new Map<string, number>()
  readonly #keepMs: number

  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  /** Notes `key` and tells whether it is new. */
  add(key: string, nowMs: number): boolean {
    // A Map keeps the order of insertion, so what is out of date is at its front.
    for (const [old, atMs] of this.#seenAtMs) {
      if (nowMs - atMs <= this.#keepMs) break
      this.#seenAtMs.delete(old)
    }
    if (this.#seenAtMs.has(key)) return false
    this.#seenAtMs.set(key, nowMs)
    return true
  }
}
