import { type Holding, ownerStamp, presenceOf, type RegistryEvent } from '@rollcall/core'
import { compareStamps, type EntityId, type Entry, type Status } from '@rollcall/protocol'
import type { Acceptance } from '../ledger.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** Beats accepted by one process without a gap. */
interface Streak {
  sinceMs: number
  lastMs: number
}

/**
 * While one node has been accepting the beats of an entity for a while, every node that has had a path to it for as long
 * shows the entity active. The while is what news need: two beats, and a few rounds of sync where gossip fails.
 */
class NoFalseInactive implements Checker {
  readonly name = noFalseInactive.name
  readonly #world: World
  readonly #whileMs: number
  /** What an answer to an older word may take. */
  readonly #answerMs: number
  readonly #streaks = new Map<EntityId, Map<SimNode, Streak>>()
  /** When something else than beats last happened to an entity: an act of its owner, a goodbye, a lie about it. */
  readonly #disturbedMs = new Map<EntityId, number>()
  /** When a process last began to show an entity inactive. */
  readonly #fellMs = new Map<SimNode, Map<EntityId, number>>()

  constructor(world: World) {
    this.#world = world
    const { settings, plan } = world
    const { faults } = plan
    const isLossy = faults.requestLossRatio > 0 || faults.gossipBlocked.everyMs > 0 || faults.lossRatio > 0
    const rounds = isLossy ? 6 : 2
    const noticeMs = Math.min(30_000, settings.thresholdMs / 2)
    this.#whileMs = 2 * settings.intervalMs + rounds * settings.syncIntervalMs + noticeMs
    this.#answerMs = 10 * (settings.batchWindowMs + faults.delayMaxMs) + (isLossy ? 2 * settings.syncIntervalMs : 0)
  }

  beaten(node: SimNode, id: EntityId, status: Status): void {
    if (status === 'inactive') return this.disturbed(id)
    const nowMs = this.#world.nowMs()
    const streaks = this.#streaks.get(id) ?? new Map<SimNode, Streak>()
    this.#streaks.set(id, streaks)
    const streak = streaks.get(node)
    if (streak === undefined || nowMs - streak.lastMs > 2.5 * this.#world.settings.intervalMs) {
      streaks.set(node, { sinceMs: nowMs, lastMs: nowMs })
    } else streak.lastMs = nowMs
  }

  disturbed(id: EntityId): void {
    this.#disturbedMs.set(id, this.#world.nowMs())
  }

  /** A beat in Zynd's forms names no node: whoever heard it may say that it took it, and until the next beat be believed. */
  lied(id: EntityId): void {
    if (this.#world.inhabitant(id)?.beatForm !== 'native') this.disturbed(id)
  }

  changed(_node: SimNode, id: EntityId, before: Entry | undefined, after: Entry): void {
    // A birth that ends or begins starts everything anew: the presence of another birth counts for nothing (M3).
    if (before === undefined || compareStamps(ownerStamp(before), ownerStamp(after)) !== 0) this.disturbed(id)
  }

  ended(node: SimNode): void {
    for (const streaks of this.#streaks.values()) streaks.delete(node)
    this.#fellMs.delete(node)
  }

  observed(node: SimNode, { type, reason, entityId }: RegistryEvent): void {
    if (type !== 'inactive' || entityId === undefined) return
    if (reason === 'goodbye') this.disturbed(entityId)
    const fellMs = this.#fellMs.get(node) ?? new Map<EntityId, number>()
    this.#fellMs.set(node, fellMs)
    // Once: who falls again and again is not what an older word does.
    const nowMs = this.#world.nowMs()
    if (nowMs - (fellMs.get(entityId) ?? Number.NEGATIVE_INFINITY) >= this.#whileMs) fellMs.set(entityId, nowMs)
    this.#world.after(this.#answerMs, () => this.#look(node, entityId))
  }

  interval(): void {
    for (const id of this.#streaks.keys()) for (const node of this.#world.nodes) this.#look(node, id)
  }

  #look(node: SimNode, id: EntityId): void {
    const nowMs = this.#world.nowMs()
    if (!node.isHealthy || nowMs - (this.#disturbedMs.get(id) ?? 0) < this.#whileMs) return
    // After a split an older word may arrive first; whoever holds a newer beat answers it at once (L7).
    if (nowMs - (this.#fellMs.get(node)?.get(id) ?? Number.NEGATIVE_INFINITY) < this.#answerMs) return
    const state = node.runtime?.inside.state
    const holding = state?.holdings.get(id)
    if (state === undefined || (holding !== undefined && state.shownNow(holding) === 'active')) return
    const where = this.#world.nodes.find((other) => this.#beatsAt(other, id) && this.#hears(node, other))
    if (where === undefined || this.#saidGoodbye(holding, this.#world.ledger.acceptance(id, where))) return
    const entity = this.#world.trace.of(id)
    const shown = holding === undefined ? 'does not hold' : `shows ${state.shownNow(holding)}`
    this.#world.fail(this.name, `${node.name} ${shown} ${entity}, whose beats ${where.name} accepts all the while`)
  }

  /** Whether the entity itself took leave after its last accepted beat; the disk may still hold up the answer to that (I3). */
  #saidGoodbye(holding: Holding | undefined, accepted: Acceptance | undefined): boolean {
    const presence = holding === undefined ? undefined : presenceOf(holding.entry)
    return presence?.cause === 'goodbye' && presence.beat.timeMs > (accepted?.beat.timeMs ?? Number.POSITIVE_INFINITY)
  }

  #beatsAt(node: SimNode, id: EntityId): boolean {
    const streak = this.#streaks.get(id)?.get(node)
    if (streak === undefined) return false
    const nowMs = this.#world.nowMs()
    return nowMs - streak.sinceMs >= this.#whileMs && nowMs - streak.lastMs < 1.5 * this.#world.settings.intervalMs
  }

  #hears(node: SimNode, other: SimNode): boolean {
    return (this.#world.paths.lastingMs(node, other) ?? 0) >= this.#whileMs
  }
}

export const noFalseInactive: CheckerKind = {
  name: 'no-false-inactive',
  rule: 'L6, L7, M3: no node with a path to one that accepts an entity’s beats shows it inactive.',
  make: (world) => new NoFalseInactive(world),
}
