import { ownerStamp, type RegistryEvent } from '@rollcall/core'
import { compareStamps, type EntityId, type Entry } from '@rollcall/protocol'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** How long after the threshold a silent entity may still be active on its attendant (L3). */
const LATE_MAX_MS = 1_000

/** What rounding may take. */
const ROUNDING_MS = 1

/**
 * On the attendant an entity becomes inactive within a second after the threshold, counted from the acceptance of its last
 * beat, and never before it. A node that was starved or whose disk refuses is late by right (L4).
 */
class DetectionTime implements Checker {
  readonly name = detectionTime.name
  readonly #world: World
  readonly #startedMs = new Map<SimNode, number>()
  /** Every accepted beat whose time is not up yet, oldest first. */
  readonly #awaited: { readonly node: SimNode; readonly id: EntityId; readonly atMs: number }[] = []
  /** Until when something was wrong with the machine of a node. */
  readonly #troubledMs = new Map<SimNode, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** Since when a node holds the present birth of an entity: an acceptance before was of another one. */
  readonly #bornMs = new Map<SimNode, Map<EntityId, number>>()

  changed(node: SimNode, id: EntityId, before: Entry | undefined, after: Entry): void {
    if (before !== undefined && compareStamps(ownerStamp(before), ownerStamp(after)) === 0) return
    const born = this.#bornMs.get(node) ?? new Map<EntityId, number>()
    this.#bornMs.set(node, born.set(id, this.#world.nowMs()))
  }

  started(node: SimNode): void {
    this.#startedMs.set(node, this.#world.nowMs())
  }

  second(): void {
    const nowMs = this.#world.nowMs()
    for (const node of this.#world.nodes) {
      if (!node.isHealthy || node.diskDelayMaxMs > 0) this.#troubledMs.set(node, nowMs)
    }
    const dueMs = this.#world.settings.thresholdMs + LATE_MAX_MS
    while (this.#awaited.length > 0 && nowMs - (this.#awaited[0]?.atMs ?? nowMs) > dueMs) {
      const { node, id } = this.#awaited.shift() ?? {}
      if (node !== undefined && id !== undefined) this.#look(node, id, dueMs)
    }
  }

  beaten(node: SimNode, id: EntityId): void {
    // The deadline runs from acceptance, and this is the acknowledgement: a slow disk stood between, maybe for a moment only.
    const state = node.runtime?.inside.state
    const acceptedMs = state?.holdings.get(id)?.beat?.acceptedMs
    const isLate =
      acceptedMs !== undefined && (state?.steady.at(node.machine.monotonicMs()) ?? 0) - acceptedMs > ROUNDING_MS
    if (isLate) this.#troubledMs.set(node, this.#world.nowMs())
    this.#awaited.push({ node, id, atMs: this.#world.nowMs() })
  }

  /** The time of a beat is up: a newer one must have come, or the entity must be inactive here or attended elsewhere. */
  #look(node: SimNode, id: EntityId, dueMs: number): void {
    const silentMs = this.#silentMs(node, id)
    if (silentMs === undefined || silentMs <= dueMs) return
    if (node.runtime?.inside.state.attended.get(node.id)?.has(id) !== true) return
    this.#world.fail(
      this.name,
      `${node.name} shows ${this.#world.trace.of(id)} active ${silentMs} ms after its last beat`,
    )
  }

  observed(node: SimNode, { type, reason, entityId, attendant }: RegistryEvent): void {
    if (type !== 'inactive' || reason !== 'silence' || attendant !== node.id || entityId === undefined) return
    const silentMs = this.#silentMs(node, entityId)
    if (silentMs === undefined) return
    this.#world.tally.longest('detection_ms', silentMs - this.#world.settings.thresholdMs)
    if (silentMs >= this.#world.settings.thresholdMs - ROUNDING_MS) return
    this.#world.fail(
      this.name,
      `${node.name} ends ${this.#world.trace.of(entityId)} ${silentMs} ms after its last beat`,
    )
  }

  /** Since the last beat that this process accepted; undefined where it accepted none, or was in trouble since. */
  #silentMs(node: SimNode, id: EntityId): number | undefined {
    const atMs = this.#world.ledger.acceptance(id, node)?.atMs
    const bornMs = this.#bornMs.get(node)?.get(id) ?? 0
    const soundSinceMs = Math.max(this.#startedMs.get(node) ?? 0, this.#troubledMs.get(node) ?? 0, bornMs)
    return atMs === undefined || atMs <= soundSinceMs ? undefined : this.#world.nowMs() - atMs
  }
}

export const detectionTime: CheckerKind = {
  name: 'detection-time',
  rule: 'L3: a silent entity is inactive on its attendant within a second after the threshold, and not before it.',
  make: (world) => new DetectionTime(world),
}
