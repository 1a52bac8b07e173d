/**
 * Who claims which handle, and which name under which developer. Of a claim that several live records make, the holder is
 * the one with the least claim stamp (then the least id): a function of state, so after a split every node agrees, and the
 * claim falls to the next when its holder goes (N1).
 */
import {
  compareStamps,
  compareText,
  type DeveloperId,
  developerIdOfProof,
  type EntityId,
  type Entry,
  type Stamp,
} from '@rollcall/protocol'

export interface Claim {
  /** What is claimed, for all kinds in one space of keys. */
  readonly key: string
  readonly stamp: Stamp
}

export const handleKey = (handle: string): string => `@${handle}`
export const nameKey = (developer: DeveloperId, name: string): string => `${developer}/${name}`

/** What an entry claims: a developer its handle, an entity its name under its developer. */
export const claimOf = (entry: Entry | undefined): Claim | undefined => {
  if (entry?.kind === 'developer') {
    const { handle } = entry.developer
    return handle === undefined ? undefined : { key: handleKey(handle.text), stamp: handle.claim }
  }
  if (entry?.kind !== 'record') return undefined
  const { binding, profile } = entry.record
  if (binding === undefined || profile.developerProof === undefined) return undefined
  return { key: nameKey(developerIdOfProof(profile.developerProof), binding.name), stamp: binding.claim }
}

/** Who claims a key at one moment. */
export interface Claimants {
  readonly holder: EntityId | undefined
  /** Everybody else who claims it: those who lost it in a split, or to an older claim. */
  readonly others: ReadonlySet<EntityId>
}

export class ClaimIndex {
  readonly #claimants = new Map<string, Map<EntityId, Stamp>>()

  add(entry: Entry): void {
    const claim = claimOf(entry)
    if (claim === undefined) return
    const claimants = this.#claimants.get(claim.key) ?? new Map<EntityId, Stamp>()
    this.#claimants.set(claim.key, claimants.set(entry.id, claim.stamp))
  }

  remove(entry: Entry): void {
    const claim = claimOf(entry)
    const claimants = claim === undefined ? undefined : this.#claimants.get(claim.key)
    if (claim === undefined || claimants === undefined) return
    claimants.delete(entry.id)
    if (claimants.size === 0) this.#claimants.delete(claim.key)
  }

  holder(key: string): EntityId | undefined {
    let holder: { readonly id: EntityId; readonly stamp: Stamp } | undefined
    for (const [id, stamp] of this.#claimants.get(key) ?? []) {
      const order = holder === undefined ? -1 : compareStamps(stamp, holder.stamp) || compareText(id, holder.id)
      if (order < 0) holder = { id, stamp }
    }
    return holder?.id
  }

  claimants(key: string): Claimants {
    const holder = this.holder(key)
    const others = new Set(this.#claimants.get(key)?.keys() ?? [])
    if (holder !== undefined) others.delete(holder)
    return { holder, others }
  }
}
