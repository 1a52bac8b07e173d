/**
 * What truly happened, as nobody in the world knows it: what owners asked for and were told, and which beats were accepted
 * where. The checkers compare the nodes with it.
 */
import { liveRecord, ownerStamp, readEntryRow } from '@rollcall/core'
import { type Act, type Beat, compareStamps, type EntityId, type Entry, type Stamp, utf8 } from '@rollcall/protocol'
import type { SimNode } from './node/sim-node.ts'
import type { Watcher } from './node/watch.ts'
import type { World } from './world.ts'

/** An act that a node acknowledged, and where its effect stands in the order of the owner's acts (M2). */
export interface Acknowledged {
  readonly kind: Act['kind']
  readonly id: EntityId
  readonly node: SimNode
  /** When it was asked for, and when it was acknowledged. */
  readonly askedMs: number
  readonly atMs: number
  /** Of a registration or an update the birth of the record; of a deregistration its stamp. */
  owner: Stamp
  /** Stamp of the record that was written. */
  written: Stamp
  /** Whether it said what the node held already: then nothing was written, and its stamp is that of before. */
  readonly isRepeat: boolean
  /** Whether a node whose clock was wrong has stamped it anew: how it counts among others is then settled by that (M4). */
  isMoved: boolean
  /** Nodes on whose disk it was promised to be, and was not taken away from outside since. */
  readonly promisedBy: Set<SimNode>
  /** Nobody holds it any more, since the disks of all who promised it were replaced: it is not asked for. */
  isExcused: boolean
}

/** A request that an owner made of some node. */
export interface Handed {
  readonly id: EntityId
  readonly act: Act
  readonly atMs: number
}

export interface Acceptance {
  readonly atMs: number
  readonly beat: Beat
}

/** Beats that came to a node, that it answered, and over which its process ended. */
export interface BeatCounts {
  asked: number
  answered: number
  lost: number
}

export class Ledger implements Watcher {
  readonly #world: World
  readonly #acts = new Map<EntityId, Acknowledged[]>()
  readonly #acceptances = new Map<EntityId, Map<SimNode, Acceptance>>()
  readonly #beats = new Map<SimNode, BeatCounts>()
  /** What owners ever asked for, oldest first. */
  readonly requests: Handed[] = []

  constructor(world: World) {
    this.#world = world
  }

  handed(id: EntityId, act: Act): void {
    this.requests.push({ id, act, atMs: this.#world.nowMs() })
  }

  acknowledged(act: Omit<Acknowledged, 'atMs' | 'promisedBy' | 'isExcused' | 'isMoved'>): void {
    const full = {
      ...act,
      atMs: this.#world.nowMs(),
      promisedBy: new Set([act.node]),
      isExcused: false,
      isMoved: false,
    }
    this.#acts.set(act.id, [...(this.#acts.get(act.id) ?? []), full])
  }

  /** Acknowledged acts of every entity, oldest first. */
  acts(): IterableIterator<readonly [EntityId, readonly Acknowledged[]]> {
    return this.#acts.entries()
  }

  actsOf(id: EntityId): readonly Acknowledged[] {
    return this.#acts.get(id) ?? []
  }

  /** Beats handed to a node (L9). */
  beatsOf(node: SimNode): BeatCounts {
    const counts = this.#beats.get(node) ?? { asked: 0, answered: 0, lost: 0 }
    this.#beats.set(node, counts)
    return counts
  }

  accepted(id: EntityId, node: SimNode, beat: Beat): void {
    const known = this.#acceptances.get(id) ?? new Map<SimNode, Acceptance>()
    this.#acceptances.set(id, known.set(node, { atMs: this.#world.nowMs(), beat }))
  }

  /** What a node stamps anew once its clock is mended is the same act under other stamps (M4). */
  changed(_node: SimNode, id: EntityId, before: Entry | undefined, after: Entry): void {
    if (before === undefined || compareStamps(ownerStamp(after), ownerStamp(before)) > 0) return
    for (const act of this.actsOf(id)) {
      const written = moved(act.written, writtenAt(before), writtenAt(after))
      act.isMoved ||= written !== act.written
      act.written = written
      act.owner = moved(act.owner, ownerStamp(before), ownerStamp(after))
    }
  }

  ended(): void {
    this.#excuseLost()
  }

  diskReplaced(node: SimNode): void {
    for (const acts of this.#acts.values()) {
      for (const act of acts) if (!shows(entryOnDisk(node, act.id), act)) act.promisedBy.delete(node)
    }
    this.#excuseLost()
  }

  /** What nobody holds and nobody who lives promised is not asked for: the only disks that held it are gone. */
  #excuseLost(): void {
    const { nodes } = this.#world
    for (const [id, acts] of this.#acts) {
      for (const act of acts) {
        if (act.isExcused || act.promisedBy.size > 0) continue
        act.isExcused = !nodes.some((node) => shows(entryOn(node, id), act))
      }
    }
  }

  /** When a node last accepted a beat of an entity, whatever became of the node since. */
  acceptance(id: EntityId, node: SimNode): Acceptance | undefined {
    return this.#acceptances.get(id)?.get(node)
  }

  /** The newest acceptance of an entity anywhere. */
  newest(id: EntityId): (Acceptance & { readonly node: SimNode }) | undefined {
    let newest: (Acceptance & { readonly node: SimNode }) | undefined
    for (const [node, acceptance] of this.#acceptances.get(id) ?? []) {
      if (newest === undefined || acceptance.atMs > newest.atMs) newest = { ...acceptance, node }
    }
    return newest
  }
}

const writtenAt = (entry: Entry): Stamp => liveRecord(entry)?.stamp ?? ownerStamp(entry)

/** Where `stamp` is counted when the newest write of its entity goes back: those before it are still before it. */
const moved = (stamp: Stamp, before: Stamp, after: Stamp): Stamp => {
  if (compareStamps(after, before) >= 0 || compareStamps(stamp, after) <= 0) return stamp
  const order = compareStamps(stamp, before)
  if (order > 0) return stamp
  return order === 0 ? after : { ...after, counter: after.counter - 1 }
}

/** Whether an entry shows the effect of an acknowledged act, or of one that outranks it (M2). */
export const shows = (entry: Entry | undefined, act: Acknowledged): boolean => {
  if (entry === undefined) return false
  const order = compareStamps(ownerStamp(entry), act.owner)
  if (order !== 0) return order > 0
  const live = liveRecord(entry)
  if (isDeath(act)) return live === undefined
  return live !== undefined && compareStamps(live.stamp, act.written) >= 0
}

/** Whether an act ends an entity or a developer. */
export const isDeath = ({ kind }: Pick<Acknowledged, 'kind'>): boolean =>
  kind === 'deregister' || kind === 'deregister_developer'

/** What a node holds of an entity: in memory while it is up, otherwise on its disk. */
export const entryOn = (node: SimNode, id: EntityId): Entry | undefined =>
  node.runtime === undefined ? entryOnDisk(node, id) : node.runtime.inside.state.holdings.get(id)?.entry

export const entryOnDisk = (node: SimNode, id: EntityId): Entry | undefined => {
  const row = node.disk.get('entry', utf8(id))
  const entry = row === undefined ? undefined : readEntryRow(row)
  return entry?.ok === true ? entry.value.entry : undefined
}
