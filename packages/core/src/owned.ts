import { type DeveloperId, developerIdOfProof, type EntityId, type Entry } from '@rollcall/protocol'

/**
 * The live entities of each developer, by the proofs their records carry. A developer with a live entity exists, also where
 * it never said anything itself: a view of state, no entry, so no two nodes can begin it twice (N2).
 */
export class OwnedIndex {
  readonly #owned = new Map<DeveloperId, { readonly publicKey: Uint8Array; readonly entities: Set<EntityId> }>()

  add(entry: Entry): void {
    const proof = proofOf(entry)
    if (proof === undefined) return
    const id = developerIdOfProof(proof)
    const owned = this.#owned.get(id) ?? { publicKey: proof.publicKey, entities: new Set<EntityId>() }
    owned.entities.add(entry.id)
    this.#owned.set(id, owned)
  }

  remove(entry: Entry): void {
    const proof = proofOf(entry)
    const id = proof === undefined ? undefined : developerIdOfProof(proof)
    const owned = id === undefined ? undefined : this.#owned.get(id)
    if (id === undefined || owned === undefined) return
    owned.entities.delete(entry.id)
    if (owned.entities.size === 0) this.#owned.delete(id)
  }

  entities(id: DeveloperId): ReadonlySet<EntityId> {
    return this.#owned.get(id)?.entities ?? NONE
  }

  /** The key of a developer that a live entity proves. */
  publicKey(id: DeveloperId): Uint8Array | undefined {
    return this.#owned.get(id)?.publicKey
  }
}

const NONE: ReadonlySet<EntityId> = new Set()

const proofOf = (entry: Entry) => (entry.kind === 'record' ? entry.record.profile.developerProof : undefined)
