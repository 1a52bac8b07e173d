/**
 * Who claims which handle, which name under a developer, and which full name under its handle. Of a claim that several live
 * records make, the holder is the one with the least claim stamp (then the least id): a function of state, so after a split
 * every node agrees, and the claim falls to the next when its holder goes (N1).
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

/** `name`: what an entity calls itself. `full_name`: what its developer binds to it, under the developer's handle. */
export type ClaimKind = 'handle' | 'name' | 'full_name'

export interface Claim {
  readonly kind: ClaimKind
  /** Under whom, of a name. */
  readonly developer: DeveloperId | undefined
  readonly text: string
  readonly stamp: Stamp
  /** What is claimed, for all kinds in one space of keys. */
  readonly key: string
}

export const handleKey = (handle: string): string => `@${handle}`
export const nameKey = (developer: DeveloperId, name: string): string => `${developer} ${name}`
export const fullNameKey = (developer: DeveloperId, name: string): string => `${developer}/${name}`

/** What an entry claims: a developer its handle, an entity of a developer its names. */
export const claimsOf = (entry: Entry | undefined): readonly Claim[] => {
  if (entry?.kind === 'developer') {
    const { handle } = entry.developer
    if (handle === undefined) return []
    const { text, claim: stamp } = handle
    return [{ kind: 'handle', developer: undefined, text, stamp, key: handleKey(text) }]
  }
  if (entry?.kind !== 'record' || entry.record.profile.developerProof === undefined) return []
  const { binding, profile, nameClaim } = entry.record
  const developer = developerIdOfProof(entry.record.profile.developerProof)
  const { name: text } = profile
  const name: Claim = { kind: 'name', developer, text, stamp: nameClaim, key: nameKey(developer, text) }
  if (binding === undefined) return [name]
  const { name: bound, claim: stamp } = binding
  return [name, { kind: 'full_name', developer, text: bound, stamp, key: fullNameKey(developer, bound) }]
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
    for (const { key, stamp } of claimsOf(entry)) {
      const claimants = this.#claimants.get(key) ?? new Map<EntityId, Stamp>()
      this.#claimants.set(key, claimants.set(entry.id, stamp))
    }
  }

  remove(entry: Entry): void {
    for (const { key } of claimsOf(entry)) {
      const claimants = this.#claimants.get(key)
      claimants?.delete(entry.id)
      if (claimants?.size === 0) this.#claimants.delete(key)
    }
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
