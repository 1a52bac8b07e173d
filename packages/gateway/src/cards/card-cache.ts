/** Cards by entity, bounded in bytes: the one that was not asked for for longest goes first. */
import type { EntityId } from '@rollcall/protocol'

export interface CachedCard {
  /** As the agent sent it. Not what it parses to: what that costs is up to the agent, and can be twenty times as much. */
  readonly text: string
  readonly signature: 'verified' | 'unsigned'
  /** The entity_url it was found by. */
  readonly entityUrl: string
  /** Monotonic time of the fetch, milliseconds. */
  readonly fetchedMs: number
}

/** What an entry costs at most: a character takes one byte or two, the rest of the entry less than a thousand. */
const bytesOf = (card: CachedCard): number => 2 * card.text.length + 1_000

export class CardCache {
  readonly #bytesMax: number
  // A Map keeps the order of insertion, and a card asked for is inserted anew.
  readonly #cards = new Map<EntityId, CachedCard>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get size(): number {
    return this.#cards.size
  }

  get(id: EntityId): CachedCard | undefined {
    const card = this.#cards.get(id)
    if (card === undefined) return undefined
    this.#cards.delete(id)
    this.#cards.set(id, card)
    return card
  }

  set(id: EntityId, card: CachedCard): void {
    this.delete(id)
    this.#cards.set(id, card)
    this.#bytes += bytesOf(card)
    for (const oldest of this.#cards.keys()) {
      if (this.#bytes <= this.#bytesMax) return
      this.delete(oldest)
    }
  }

  delete(id: EntityId): void {
    const card = this.#cards.get(id)
    if (card === undefined) return
    this.#cards.delete(id)
    this.#bytes -= bytesOf(card)
  }
}
