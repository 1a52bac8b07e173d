import { merge, type Topic } from '@rollcall/core'
import {
  type Delta,
  decodeDelta,
  decodeTransitions,
  type EntityId,
  type Entry,
  openEnvelope,
  utf8,
} from '@rollcall/protocol'
import { entryOnDisk } from '../ledger.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'
import { isWithdrawn } from './no-resurrection.ts'

/** When a transition leaves a node, its store holds it, or something that outranks it. */
class PersistThenPublish implements Checker {
  readonly name = persistThenPublish.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  published(node: SimNode, topic: Topic, message: Uint8Array): void {
    if (topic !== 'rollcall/transitions/1') return
    const envelope = openEnvelope(message)
    const transitions = envelope.ok ? decodeTransitions(envelope.value.payload) : envelope
    if (!transitions.ok) return this.#world.fail(this.name, `${node.name} sends what cannot be read`)
    for (const said of transitions.value.deltas) {
      const delta = withoutWithdrawn(node, said)
      if (delta === undefined) continue
      const onDisk = wholeEntryOnDisk(node, delta.id)
      if (onDisk !== undefined && merge(onDisk, delta) === onDisk) continue
      this.#world.fail(
        this.name,
        `${node.name} sends a ${delta.kind} of ${this.#world.trace.of(delta.id)} that its store does not hold`,
      )
    }
  }
}

/**
 * A presence that was withdrawn while it waited for its window to close (M4) is on no disk, and refused as ahead by every
 * peer whose clock is right; what else the message says must be.
 */
const withoutWithdrawn = (node: SimNode, delta: Delta): Delta | undefined => {
  if (delta.kind !== 'record' && delta.kind !== 'presence') return delta
  if (delta.presence === undefined || !isWithdrawn(node, delta.presence.stamp)) return delta
  return delta.kind === 'record' ? { ...delta, presence: undefined } : undefined
}

/** An entry with its presence, as the store would give it back. */
const wholeEntryOnDisk = (node: SimNode, id: EntityId): Entry | undefined => {
  const entry = entryOnDisk(node, id)
  const row = entry?.kind === 'record' ? node.disk.get('presence', utf8(id)) : undefined
  const presence = row === undefined ? undefined : decodeDelta(row)
  return entry?.kind === 'record' && presence?.ok === true && presence.value.kind === 'presence'
    ? { ...entry, presence: presence.value.presence }
    : entry
}

export const persistThenPublish: CheckerKind = {
  name: 'persist-then-publish',
  rule: 'L5: a transition is in the store of a node before it leaves the node.',
  make: (world) => new PersistThenPublish(world),
}
