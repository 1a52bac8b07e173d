/**
 * Developers, handles and names as this node shows them: functions of replicated state, so nodes that hold the same answer
 * the same (N1–N3). Reads only.
 */
import {
  type DeveloperView,
  type EntityView,
  fullNameKey,
  type Holding,
  handleKey,
  nameKey,
  type RegistryState,
} from '@rollcall/core'
import {
  compareStamps,
  compareText,
  type DeveloperId,
  developerIdOfProof,
  type EntityId,
  type EntityRecord,
  type Failure,
  fail,
  formatFqan,
  isDeveloperId,
  NO_PROFILE,
  nameProblem,
  ok,
  type Result,
  type Stamp,
} from '@rollcall/protocol'

/** The part of an entity's view that is about names. */
type NameView = Pick<EntityView, 'developerHandle' | 'fqan' | 'nameProblem'>

export class Directory {
  readonly #state: RegistryState
  readonly #registryHost: string

  constructor(state: RegistryState, registryHost: string) {
    this.#state = state
    this.#registryHost = registryHost
  }

  /** A developer by its own word, or by the proof of a live entity (N2). */
  developer(id: DeveloperId): Result<DeveloperView> {
    const entry = this.#state.holdings.get(id)?.entry
    const owned = this.#state.owned.entities(id)
    if (entry?.kind === 'developer') {
      const { developer } = entry
      const { publicKey, profile, birth, stamp } = developer
      const claims = this.#handles(id, developer.handle?.text)
      return ok({ id, publicKey, record: developer, profile, ...claims, entities: owned.size, since: birth, stamp })
    }
    if (entry !== undefined) return fail('developer_not_found', `${id} was deregistered`)
    const publicKey = this.#state.owned.publicKey(id)
    const since = this.#oldestBirth(owned)
    if (publicKey === undefined || since === undefined) {
      return fail('developer_not_found', `${id} is not registered, and no live entity carries its proof`)
    }
    const claims = { handle: undefined, handleConflict: undefined }
    return ok({
      id,
      publicKey,
      record: undefined,
      profile: NO_PROFILE,
      ...claims,
      entities: owned.size,
      since,
      stamp: since,
    })
  }

  holderOfHandle(handle: string): DeveloperView | undefined {
    const id = this.#state.claims.holder(handleKey(handle))
    const view = id === undefined || !isDeveloperId(id) ? undefined : this.developer(id)
    return view?.ok === true ? view.value : undefined
  }

  /** A handle stands for the developer that holds it; undefined where nobody, or another developer than asked for, does. */
  underHandle<T extends { readonly developerHandle?: string; readonly developerId?: string }>(asked: T): T | undefined {
    if (asked.developerHandle === undefined) return asked
    const holder = this.holderOfHandle(asked.developerHandle)?.id
    const isOther = asked.developerId !== undefined && asked.developerId !== holder
    // Documents of the search bear no handle: it would have to be written anew into each when it changes hands.
    return holder === undefined || isOther ? undefined : { ...asked, developerHandle: undefined, developerId: holder }
  }

  /** The handle that a developer holds. */
  handleOf(id: DeveloperId): string | undefined {
    const entry = this.#state.holdings.get(id)?.entry
    return entry?.kind === 'developer' ? this.#handles(id, entry.developer.handle?.text).handle : undefined
  }

  /** The live entity that holds a name under the holder of a handle. */
  resolve({ handle, name }: { readonly handle: string; readonly name: string }): Holding | undefined {
    const developer = this.#state.claims.holder(handleKey(handle))
    if (developer === undefined || !isDeveloperId(developer)) return undefined
    const id = this.#state.claims.holder(fullNameKey(developer, name))
    return id === undefined ? undefined : this.#state.holdings.get(id)
  }

  /** The entities that hold a name under a developer, in order of name. */
  named(developer: DeveloperId): readonly EntityId[] {
    const named: { readonly id: EntityId; readonly name: string }[] = []
    for (const id of this.#state.owned.entities(developer)) {
      const entry = this.#state.holdings.get(id)?.entry
      const name = entry?.kind === 'record' ? entry.record.binding?.name : undefined
      if (name !== undefined && this.#state.claims.holder(fullNameKey(developer, name)) === id) named.push({ id, name })
    }
    return named.sort((a, b) => compareText(a.name, b.name)).map(({ id }) => id)
  }

  /**
   * What an entity is called in full, and why it does not bear a name it asks for: the full name first, then what it calls
   * itself, which is unique under its developer.
   */
  nameOf(record: EntityRecord): NameView {
    const { profile, id } = record
    if (profile.developerProof === undefined) {
      const asks = profile.entityName !== undefined
      const why = fail('validation_failed', 'a name stands under a developer, and the record carries no proof of one')
      return { developerHandle: undefined, fqan: undefined, nameProblem: asks ? why : undefined }
    }
    const developer = developerIdOfProof(profile.developerProof)
    const view = this.#fullNameOf(record, developer)
    const holder = this.#state.claims.holder(nameKey(developer, profile.name))
    if (view.nameProblem !== undefined || holder === undefined || holder === id) return view
    return { ...view, nameProblem: heldBy(profile.name, holder) }
  }

  #fullNameOf({ profile, binding, id }: EntityRecord, developer: DeveloperId): NameView {
    const developerHandle = this.handleOf(developer)
    if (binding === undefined) {
      return { developerHandle, fqan: undefined, nameProblem: notAName(profile.entityName) }
    }
    const holder = this.#state.claims.holder(fullNameKey(developer, binding.name))
    if (holder !== undefined && holder !== id) {
      return { developerHandle, fqan: undefined, nameProblem: heldBy(binding.name, holder) }
    }
    if (developerHandle === undefined) {
      const why = fail('not_found', `its developer holds no handle; ${binding.name} shows as a full name once it does`)
      return { developerHandle, fqan: undefined, nameProblem: why }
    }
    const fqan = this.fqan({ handle: developerHandle, name: binding.name })
    return { developerHandle, fqan, nameProblem: undefined }
  }

  /** The full name, with the host that this cluster calls itself by. */
  fqan(of: { readonly handle: string; readonly name: string }): string {
    return formatFqan({ host: this.#registryHost, ...of })
  }

  #handles(id: DeveloperId, claimed: string | undefined): Pick<DeveloperView, 'handle' | 'handleConflict'> {
    const holder = claimed === undefined ? undefined : this.#state.claims.holder(handleKey(claimed))
    if (claimed === undefined || holder === undefined || !isDeveloperId(holder)) {
      return { handle: undefined, handleConflict: undefined }
    }
    return holder === id
      ? { handle: claimed, handleConflict: undefined }
      : { handle: undefined, handleConflict: { handle: claimed, holder } }
  }

  #oldestBirth(ids: ReadonlySet<EntityId>): Stamp | undefined {
    let oldest: Stamp | undefined
    for (const id of ids) {
      const entry = this.#state.holdings.get(id)?.entry
      if (entry?.kind !== 'record') continue
      if (oldest === undefined || compareStamps(entry.record.birth, oldest) < 0) oldest = entry.record.birth
    }
    return oldest
  }
}

const heldBy = (name: string, holder: EntityId): Failure =>
  fail('conflict_duplicate_name', `the name ${JSON.stringify(name)} is held by ${holder}`, { holder })

/** Why what an entity wants to be called is no name; undefined where it is one, or was released since. */
const notAName = (asked: string | undefined): Failure | undefined => {
  const why = asked === undefined ? undefined : nameProblem(asked)
  return why === undefined ? undefined : fail('validation_failed', `entity_name ${JSON.stringify(asked)}: ${why}`)
}
