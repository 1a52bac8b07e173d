import { presenceOf, type RegistryState, type Shown } from '@rollcall/core'
import { base16, type EntityId, formatStamp } from '@rollcall/protocol'
import type { Runtime } from '@rollcall/runtime'
import type { SimNode } from '../node/sim-node.ts'
import { HANDLES, NAMES } from '../workload/career.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** Rounds of sync after the storm within which all nodes hold the same. */
const ROUNDS = 4

/**
 * In the calm all nodes come to hold the same items within a few rounds, and at its end they hold and show the same. What
 * goes on meanwhile (an entity falls silent) may make them differ for the moment it is under way.
 */
class EqualState implements Checker {
  readonly name = equalState.name
  readonly #world: World
  #calmMs: number | undefined
  #hasConverged = false

  constructor(world: World) {
    this.#world = world
  }

  calm(): void {
    this.#calmMs = this.#world.nowMs()
  }

  second(): void {
    if (this.#calmMs === undefined || this.#hasConverged) return
    const { syncIntervalMs, thresholdMs } = this.#world.settings
    const elapsedMs = this.#world.nowMs() - this.#calmMs
    // Dialling and the notice of dead links come before the rounds.
    const limitMs = ROUNDS * syncIntervalMs + Math.min(30_000, thresholdMs)
    if (this.#differing() === undefined) {
      this.#hasConverged = true
      this.#world.tally.longest('convergence_ms', elapsedMs)
    } else if (elapsedMs > limitMs) {
      this.#world.fail(this.name, `not equal ${Math.round(elapsedMs / 1000)} s into the calm: ${this.#differing()}`)
    }
  }

  settled(): void {
    const difference = this.#differing() ?? this.#shownDiffering() ?? this.#namesDiffering()
    if (difference !== undefined) this.#world.fail(this.name, difference)
  }

  #states(): readonly (readonly [SimNode, RegistryState])[] {
    return this.#world.nodes.map((node) => {
      const state = node.runtime?.inside.state
      if (state === undefined) throw new Error(`${node.name} is down in the calm`)
      return [node, state] as const
    })
  }

  #differing(): string | undefined {
    const [first, ...others] = this.#world.nodes.every((node) => node.isUp) ? this.#states() : []
    if (first === undefined) return 'not every node is up'
    const digest = base16(first[1].items.fingerprint())
    for (const other of others) {
      if (base16(other[1].items.fingerprint()) === digest) continue
      return `${first[0].name} and ${other[0].name} hold different items: ${this.#explain(first[1], other[1])}`
    }
    return undefined
  }

  #explain(a: RegistryState, b: RegistryState): string {
    for (const id of new Set([...a.holdings.keys(), ...b.holdings.keys()])) {
      const [one, other] = [describe(a, id), describe(b, id)]
      if (one !== other) return `${this.#world.trace.of(id)} is ${one} here and ${other} there`
    }
    return 'equal entries with unequal digests'
  }

  #shownDiffering(): string | undefined {
    const [first, ...others] = this.#states()
    for (const [node, state] of others) {
      for (const [id, holding] of state.holdings) {
        const there = first?.[1].holdings.get(id)
        if (there === undefined || first === undefined || sameShown(there.shown, holding.shown)) continue
        const entity = this.#world.trace.of(id)
        return `${entity} is shown ${holding.shown} by ${node.name} and ${there.shown} by ${first[0].name}`
      }
    }
    return undefined
  }

  /** Who holds which handle, and which name under it, is the same question everywhere. */
  #namesDiffering(): string | undefined {
    const [first, ...others] = this.#world.nodes
    for (const handle of HANDLES) {
      for (const other of others) {
        const [one, two] = [first, other].map((node) => namesUnder(node?.runtime, handle))
        if (one !== two) return `${handle} is ${one} on ${first?.name} and ${two} on ${other.name}`
      }
    }
    return undefined
  }
}

const namesUnder = (runtime: Runtime | undefined, handle: string): string => {
  const holder = runtime?.registry.holderOfHandle(handle)
  const names = NAMES.map((name) => runtime?.registry.resolveName({ handle, name })?.record.id ?? 'nobody')
  return `of ${holder?.id ?? 'nobody'} (${names.join(', ')})`
}

/** Nodes purge at different times: a tombstone and the grave it becomes are one death (T4). */
const sameShown = (a: Shown, b: Shown): boolean => a === b || (isDead(a) && isDead(b))
const isDead = (shown: Shown): boolean => shown === 'tombstone' || shown === 'grave'

const describe = (state: RegistryState, id: EntityId): string => {
  const entry = state.holdings.get(id)?.entry
  if (entry === undefined) return 'not held'
  if (entry.kind === 'developer') {
    const { birth, stamp } = entry.developer
    return `a developer of ${formatStamp(stamp)} born ${birth.wallMs}`
  }
  if (entry.kind !== 'record') {
    return `a ${entry.kind} of ${formatStamp(entry.kind === 'grave' ? entry.grave.stamp : entry.tombstone.stamp)}`
  }
  const presence = presenceOf(entry)
  const life =
    presence === undefined
      ? 'no presence'
      : `${presence.status} by ${presence.attendant.slice(-4)} (${presence.cause}, beat ${presence.beat.timeMs}, ${formatStamp(presence.stamp)})`
  return `a record of ${formatStamp(entry.record.stamp)} born ${entry.record.birth.wallMs} with ${life}`
}

export const equalState: CheckerKind = {
  name: 'equal-state',
  rule: `S1, S3: within ${ROUNDS} rounds of sync after the faults end all nodes hold equal items, and show them equally.`,
  make: (world) => new EqualState(world),
}
