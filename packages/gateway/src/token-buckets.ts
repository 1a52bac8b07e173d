/**
 * Token buckets: so many at once, refilled steadily. One bucket per key (an address, an entity id), in a table of bounded
 * size from which the one unused for longest goes first; a key that comes back after that starts with a full bucket.
 */
import type { Clock } from '@rollcall/core'

const KEYS_MAX = 10_000

interface Bucket {
  tokens: number
  refilledMs: number
}

export class TokenBuckets {
  readonly #clock: Clock
  readonly #perMinute: number
  readonly #onEvicted: () => void
  // A Map keeps the order of insertion, and a used key is inserted anew: the first key is the one unused for longest.
  readonly #buckets = new Map<string, Bucket>()

  /** @param perMinute size of a bucket, and what flows into it in a minute; 0 lets everything through. */
  constructor(clock: Clock, perMinute: number, onEvicted: () => void) {
    this.#clock = clock
    this.#perMinute = perMinute
    this.#onEvicted = onEvicted
  }

  /** Takes one token. Returns 0, or, where there is none, the seconds until there will be one (at least 1). */
  take(key: string): number {
    if (this.#perMinute === 0) return 0
    const bucket = this.#buckets.get(key) ?? { tokens: this.#perMinute, refilledMs: this.#clock.monotonicMs() }
    this.#refill(bucket)
    if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.#perMinute))
    bucket.tokens--
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > KEYS_MAX) this.#evict()
    return 0
  }

  /** Gives back a token that was taken. A bucket that was evicted meanwhile is full anyway. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key)
    if (bucket !== undefined) bucket.tokens = Math.min(this.#perMinute, bucket.tokens + 1)
  }

  #refill(bucket: Bucket): void {
    const nowMs = this.#clock.monotonicMs()
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + ((nowMs - bucket.refilledMs) * this.#perMinute) / 60_000)
    bucket.refilledMs = nowMs
  }

  #evict(): void {
    const oldest = this.#buckets.keys().next()
    if (oldest.done === true) return
    this.#buckets.delete(oldest.value)
    this.#onEvicted()
  }
}
