/**
 * Finds an entity here or, where this node does not know it, at a peer (L7).
 *
 * An id that no peer knew a moment ago is not asked for again at once: the existing SDKs retry an unknown id every five
 * seconds for ever, and each question goes to other nodes.
 */
import type { Clock, EntityView, Registry } from '@rollcall/core'
import type { EntityId, Result } from '@rollcall/protocol'

const UNKNOWN_FOR_MS = 2_000
const UNKNOWN_MAX = 10_000

export class Lookup {
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #unknownUntilMs = new Map<EntityId, number>()

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
  }

  async find(id: EntityId, consistency: 'local' | 'fresh'): Promise<Result<EntityView>> {
    const known = await this.#registry.entity(id, consistency)
    return known.ok || known.code !== 'entity_not_found' ? known : this.#locate(id, known)
  }

  /** Runs `act`; where the entity is not known here, fetches it from a peer and runs `act` once more. */
  async withLocated<T>(id: EntityId, act: () => Promise<Result<T>>): Promise<Result<T>> {
    const first = await act()
    if (first.ok || first.code !== 'entity_not_found') return first
    const located = await this.#locate(id, first)
    return located.ok ? act() : located
  }

  async #locate(id: EntityId, unknown: Result<EntityView> & { readonly ok: false }): Promise<Result<EntityView>> {
    const nowMs = this.#clock.monotonicMs()
    if ((this.#unknownUntilMs.get(id) ?? 0) > nowMs) return unknown
    const located = await this.#registry.locate(id)
    if (located.ok || located.code !== 'entity_not_found') this.#unknownUntilMs.delete(id)
    else this.#remember(id, this.#clock.monotonicMs())
    return located
  }

  #remember(id: EntityId, nowMs: number): void {
    // Entries stand in the order of their times, so the outdated ones are the first.
    this.#unknownUntilMs.delete(id)
    this.#unknownUntilMs.set(id, nowMs + UNKNOWN_FOR_MS)
    for (const [oldest, untilMs] of this.#unknownUntilMs) {
      if (untilMs > nowMs && this.#unknownUntilMs.size <= UNKNOWN_MAX) return
      this.#unknownUntilMs.delete(oldest)
    }
  }
}
