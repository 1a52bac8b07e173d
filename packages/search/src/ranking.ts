/**
 * The best documents of those offered, in a heap whose root is the worst one kept, so that the many which are no better
 * cost one comparison. Order: score, then recency (greater first), then id: total, and a function of the documents
 * alone.
 */
import type { EntityId } from '@rollcall/protocol'
import { idOrder } from './id-order.ts'

/** Where a document stands in the order of a query. */
export interface Place {
  readonly score: number
  /** 0 for all where recency does not rank. */
  readonly recencyMs: number
  readonly id: EntityId
}

/** A place as the heap holds it: the id by its order number, its text at hand for the rare tie of numbers. */
interface Candidate {
  readonly score: number
  readonly recencyMs: number
  readonly idOrder: number
  readonly document: number
}

export class Ranking {
  readonly #capacity: number
  readonly #idOf: (document: number) => EntityId
  readonly #after: (Place & { readonly idOrder: number }) | undefined
  readonly #heap: Candidate[] = []
  /** Documents that match, counted by the caller, who need not offer all. */
  found = 0
  /** A document with a lesser score need not be offered. */
  floor = 0

  /** Keeps the first `capacity` documents behind `after`. `idOf` names a document by its number. */
  constructor(init: { capacity: number; after: Place | undefined; idOf: (document: number) => EntityId }) {
    this.#capacity = init.capacity
    this.#idOf = init.idOf
    this.#after = init.after && { ...init.after, idOrder: idOrder(init.after.id) }
  }

  offer(score: number, recencyMs: number, order: number, document: number): void {
    if (this.#after !== undefined && !this.#isBehind(this.#after, score, recencyMs, order, document)) return
    const worst = this.#heap[0]
    if (worst !== undefined && this.#heap.length === this.#capacity) {
      if (score < worst.score || (score === worst.score && recencyMs < worst.recencyMs)) return
      const candidate = { score, recencyMs, idOrder: order, document }
      if (this.#compare(candidate, worst) >= 0) return
      this.#sink(candidate)
    } else if (this.#capacity > 0) {
      this.#heap.push({ score, recencyMs, idOrder: order, document })
      this.#rise(this.#heap.length - 1)
    }
    if (this.#heap.length === this.#capacity) this.floor = this.#heap[0]?.score ?? 0
  }

  /** The kept documents, best first. */
  best(): Candidate[] {
    return this.#heap.toSorted((a, b) => this.#compare(a, b))
  }

  #isBehind(after: Place & { idOrder: number }, score: number, recencyMs: number, order: number, document: number) {
    if (score !== after.score) return score < after.score
    if (recencyMs !== after.recencyMs) return recencyMs < after.recencyMs
    if (order !== after.idOrder) return order > after.idOrder
    return this.#idOf(document) > after.id
  }

  /** Negative if `a` stands before `b`. */
  #compare(a: Candidate, b: Candidate): number {
    if (a.score !== b.score) return b.score - a.score
    if (a.recencyMs !== b.recencyMs) return b.recencyMs - a.recencyMs
    if (a.idOrder !== b.idOrder) return a.idOrder - b.idOrder
    return this.#idOf(a.document) < this.#idOf(b.document) ? -1 : 1
  }

  #rise(from: number): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const child = heap[at] as Candidate
      const above = heap[parent] as Candidate
      if (this.#compare(child, above) <= 0) return
      heap[at] = above
      heap[parent] = child
      at = parent
    }
  }

  /** Puts `candidate` in the place of the root and lets it sink below those worse than it. */
  #sink(candidate: Candidate): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && this.#compare(right, heap[child] as Candidate) > 0) child += 1
      const worst = heap[child] as Candidate
      if (this.#compare(worst, candidate) <= 0) break
      heap[at] = worst
      at = child
    }
    heap[at] = candidate
  }
}
