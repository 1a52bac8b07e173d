import type { EntityId } from '@rollcall/protocol'

/**
 * Deadlines of the entities a node attends (L3). Every lease is granted for the same term, so the order of granting is the
 * order of expiry: a map in insertion order is the whole queue. Renewing is O(1), and a tick costs what expires.
 *
 * Lateness of the process is added to every deadline at once (L4), by moving the origin from which they are measured.
 *
 * Rejected: a heap (a beat would cost O(log n)) and a timer wheel (more code, for terms that differ; ours do not).
 *
 * Invariant: deadlines never decrease along the queue. `grant` upholds it by holding a lease that would end before its
 * predecessor until then; after a restart the shorter remaining terms must therefore be granted in ascending order.
 */
export class LeaseQueue {
  readonly #deadlines = new Map<EntityId, number>()
  #latenessMs = 0
  #lastMs = Number.NEGATIVE_INFINITY

  /** Grants or renews. `deadlineMs` is monotonic time. */
  grant(id: EntityId, deadlineMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, deadlineMs - this.#latenessMs)
    this.#deadlines.delete(id)
    this.#deadlines.set(id, this.#lastMs)
  }

  end(id: EntityId): void {
    this.#deadlines.delete(id)
  }

  /** Monotonic deadline of a running lease. */
  deadlineMs(id: EntityId): number | undefined {
    const deadline = this.#deadlines.get(id)
    return deadline === undefined ? undefined : deadline + this.#latenessMs
  }

  /** Moves every deadline back by the time the process was late. */
  forgive(latenessMs: number): void {
    this.#latenessMs += latenessMs
  }

  /** Ends and yields the leases that are over at `nowMs`, earliest first, at most `limit` of them. */
  *expire(nowMs: number, limit: number): Generator<EntityId> {
    let left = limit
    for (const [id, deadline] of this.#deadlines) {
      if (left-- <= 0 || deadline + this.#latenessMs > nowMs) return
      this.#deadlines.delete(id)
      yield id
    }
  }

  get size(): number {
    return this.#deadlines.size
  }
}
