import type { NodeId } from '@rollcall/protocol'

/** What went between two nodes, both ways. */
export interface Carried {
  readonly requests: number
  /** Of requests, answers and broadcasts. What frames them on a real wire is not counted. */
  readonly bytes: number
}

const NOTHING: Carried = { requests: 0, bytes: 0 }

/** Counts what each two nodes send each other, whether or not it arrives. */
export class Traffic {
  readonly #pairs = new Map<string, Carried>()

  request(from: NodeId, to: NodeId, bytes: number): void {
    this.#add(from, to, { requests: 1, bytes })
  }

  /** An answer or a broadcast. */
  sent(from: NodeId, to: NodeId, bytes: number): void {
    this.#add(from, to, { requests: 0, bytes })
  }

  between(a: NodeId, b: NodeId): Carried {
    return this.#pairs.get(pairOf(a, b)) ?? NOTHING
  }

  clear(): void {
    this.#pairs.clear()
  }

  #add(from: NodeId, to: NodeId, more: Carried): void {
    const { requests, bytes } = this.between(from, to)
    this.#pairs.set(pairOf(from, to), { requests: requests + more.requests, bytes: bytes + more.bytes })
  }
}

const pairOf = (a: NodeId, b: NodeId): string => (a < b ? `${a}+${b}` : `${b}+${a}`)
