import {
  type Delta,
  decodeTransitions,
  type EntityId,
  type EntityRecord,
  openEnvelope,
  type SignedPresence,
  type Tombstone,
} from '@rollcall/protocol'
import type { SentMessage } from '../network/sim-network.ts'

/** What a liar knows: everything that was ever said in gossip, by entity. */
export class Lore {
  readonly records: Map<EntityId, EntityRecord> = new Map()
  readonly presences: Map<EntityId, SignedPresence> = new Map()
  readonly tombstones: Map<EntityId, Tombstone> = new Map()
  #read = 0

  /** Takes in what was sent since the last time. */
  read(sent: readonly SentMessage[]): void {
    for (const { bytes } of sent.slice(this.#read)) for (const delta of deltasOf(bytes)) this.#take(delta)
    this.#read = sent.length
  }

  #take(delta: Delta): void {
    if (delta.kind === 'tombstone') this.tombstones.set(delta.id, delta.tombstone)
    if (delta.kind === 'record') this.records.set(delta.id, delta.record)
    const presence = delta.kind === 'record' || delta.kind === 'presence' ? delta.presence : undefined
    if (presence !== undefined) this.presences.set(delta.id, presence)
  }
}

export const deltasOf = (message: Uint8Array): readonly Delta[] => {
  const envelope = openEnvelope(message)
  if (!envelope.ok || envelope.value.type !== 'transitions') return []
  const transitions = decodeTransitions(envelope.value.payload)
  return transitions.ok ? transitions.value.deltas : []
}
