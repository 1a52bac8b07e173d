/**
 * Transitions of one short window share a message (G1): newest state per entity, split where a message would grow beyond
 * its cap. Bounded by the window: a step adds at most what it decided, and the window empties all.
 */
import { type Delta, deltaLayout, type EntityId, encode } from '@rollcall/protocol'

export class Outbox {
  readonly #waiting = new Map<EntityId, { readonly delta: Delta; readonly bytes: number }>()
  readonly #bytesMax: number
  readonly #countMax: number
  #bytes = 0

  /** A group encodes to at most `bytesMax` (one delta alone may exceed it) and holds at most `countMax` deltas. */
  constructor(init: { readonly bytesMax: number; readonly countMax: number }) {
    this.#bytesMax = init.bytesMax
    this.#countMax = init.countMax
  }

  add(delta: Delta): void {
    const before = this.#waiting.get(delta.id)
    this.#waiting.delete(delta.id)
    const newest = before === undefined ? delta : combine(before.delta, delta)
    const bytes = encode(deltaLayout(newest)).length
    this.#waiting.set(delta.id, { delta: newest, bytes })
    this.#bytes += bytes - (before?.bytes ?? 0)
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Whether more waits than one group holds. */
  get isOverfull(): boolean {
    return this.#waiting.size > this.#countMax || (this.#waiting.size > 1 && this.#bytes > this.#bytesMax)
  }

  /** Takes what came first, as much as a group holds; empty where nothing waits. */
  takeGroup(): Delta[] {
    const group: Delta[] = []
    let room = this.#bytesMax
    for (const [id, { delta, bytes }] of this.#waiting) {
      if (group.length > 0 && (bytes > room || group.length >= this.#countMax)) break
      this.#waiting.delete(id)
      this.#bytes -= bytes
      group.push(delta)
      room -= bytes
    }
    return group
  }
}

/** What two changes of one entity, in this order, amount to. */
const combine = (earlier: Delta, later: Delta): Delta => {
  if (earlier.kind !== 'record') return later
  if (later.kind === 'presence') return { ...earlier, presence: later.presence }
  const unsaid = later.kind === 'record' && later.presence === undefined
  return unsaid ? { ...later, presence: earlier.presence } : later
}
