import type { EntityId } from '@rollcall/protocol'

/**
 * Timestamps of beats: this machine's clock in milliseconds, made strictly increasing per entity. Two beats of one
 * millisecond, or a clock set back a little, would otherwise be a duplicate and a stale heartbeat (L2).
 */
export class BeatTimes {
  readonly #last = new Map<EntityId, number>()

  next(id: EntityId, wallMs: number): number {
    const time = Math.max(Math.floor(wallMs), (this.#last.get(id) ?? 0) + 1)
    this.#last.set(id, time)
    return time
  }
}
