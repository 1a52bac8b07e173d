import type { EntityId, Entry } from '@rollcall/protocol'
import {
  developerChecks,
  formatStamp,
  isDeveloperId,
  presenceChecks,
  recordChecks,
  type SignatureCheck,
  tombstoneChecks,
} from '@rollcall/protocol'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/**
 * Every entry on every node bears what proves it: acts and beats that the entity (or its developer) signed, the word of the
 * attendant, and behind a grave a deregistration that was seen with its evidence. Looked at once a second, when the turn
 * that changed the entry has signed it.
 */
class Evidence implements Checker {
  readonly name = evidence.name
  readonly #world: World
  readonly #unseen = new Map<SimNode, Set<EntityId>>()
  /** Stamps of deaths that were proven, by entity. */
  readonly #deaths = new Map<EntityId, Set<string>>()

  constructor(world: World) {
    this.#world = world
  }

  changed(node: SimNode, id: EntityId, _before: Entry | undefined, after: Entry): void {
    // A tombstone that is purged within the second must have been seen by then.
    if (after.kind === 'tombstone') this.#check(node, id, after)
    this.#unseen.set(node, (this.#unseen.get(node) ?? new Set<EntityId>()).add(id))
  }

  ended(node: SimNode): void {
    this.#unseen.delete(node)
  }

  second(): void {
    for (const [node, ids] of this.#unseen) {
      for (const id of ids) {
        const entry = node.runtime?.inside.state.holdings.get(id)?.entry
        if (entry !== undefined) this.#check(node, id, entry)
      }
    }
    this.#unseen.clear()
  }

  #check(node: SimNode, id: EntityId, entry: Entry): void {
    const missing = this.#missing(id, entry)
    if (missing !== undefined) {
      this.#world.fail(this.name, `${node.name} holds a ${entry.kind} of ${this.#world.trace.of(id)} ${missing}`)
    }
  }

  #missing(id: EntityId, entry: Entry): string | undefined {
    switch (entry.kind) {
      case 'record': {
        const { record, presence } = entry
        const checks = recordChecks(record)
        if (!checks.ok || !this.#allHold(checks.value)) return 'whose acts its owner did not sign'
        if (presence === undefined || this.#allHold(presenceChecks(presence, id, record.publicKey))) return undefined
        return `with a presence (${presence.status}, ${presence.cause}, ${formatStamp(presence.stamp)}) that nobody signed`
      }
      case 'developer': {
        const checks = developerChecks(entry.developer)
        return checks.ok && this.#allHold(checks.value) ? undefined : 'whose acts the developer did not sign'
      }
      case 'tombstone': {
        const checks = tombstoneChecks(entry.tombstone)
        if (!checks.ok || !this.#allHold(checks.value)) return 'whose deregistration its owner did not sign'
        const { proof, act, stamp } = entry.tombstone
        const developer = this.#world.inhabitant(id)?.developerKey
        if (
          act.by === 'developer' &&
          !isDeveloperId(id) &&
          (proof === undefined || developer === undefined || Buffer.compare(developer, proof.publicKey) !== 0)
        ) {
          return 'by a developer who is not its own'
        }
        this.#deaths.set(id, (this.#deaths.get(id) ?? new Set<string>()).add(formatStamp(stamp)))
        return undefined
      }
      case 'grave': {
        const { stamp } = entry.grave
        return this.#deaths.get(id)?.has(formatStamp(stamp))
          ? undefined
          : `(${formatStamp(stamp)}) of a death nobody proved`
      }
    }
  }

  #allHold(checks: readonly SignatureCheck[]): boolean {
    return checks.every((check) => this.#world.keys.covers(check))
  }
}

export const evidence: CheckerKind = {
  name: 'evidence',
  rule: 'I3: no node holds a life or a death without the signatures of those who may say so.',
  make: (world) => new Evidence(world),
}
