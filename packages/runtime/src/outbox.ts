/**
 * Transitions of one short window share a message (G1): newest state per entity, split where a message would grow beyond
 * its cap. Bounded by the window: a step adds at most what it decided, and the window empties all.
 */
import { type Delta, deltaLayout, type EntityId, encode } from '@rollcall/protocol'

export class Outbox {
  readonly #deltas = new Map<EntityId, Delta>()

  add(delta: Delta): void {
    const waiting = this.#deltas.get(delta.id)
    this.#deltas.delete(delta.id)
    this.#deltas.set(delta.id, waiting === undefined ? delta : combine(waiting, delta))
  }

  get size(): number {
    return this.#deltas.size
  }

  /** Empties the box into groups that encode to at most `bytesMax` each (one delta alone may exceed it). */
  takeGroups(bytesMax: number, countMax: number): Delta[][] {
    const groups: Delta[][] = []
    let group: Delta[] = []
    let bytes = 0
    for (const delta of this.#deltas.values()) {
      const size = encode(deltaLayout(delta)).length
      if (group.length > 0 && (bytes + size > bytesMax || group.length >= countMax)) {
        groups.push(group)
        group = []
        bytes = 0
      }
      group.push(delta)
      bytes += size
    }
    if (group.length > 0) groups.push(group)
    this.#deltas.clear()
    return groups
  }
}

/** What two changes of one entity, in this order, amount to. */
const combine = (earlier: Delta, later: Delta): Delta => {
  if (earlier.kind !== 'record') return later
  if (later.kind === 'presence') return { ...earlier, presence: later.presence }
  const unsaid = later.kind === 'record' && later.presence === undefined
  return unsaid ? { ...later, presence: earlier.presence } : later
}
