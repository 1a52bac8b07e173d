import { compareStamps, developerIdOfProof, type EntityId, type EntityRecord } from '@rollcall/protocol'

/**
 * Who bears which name under which developer. The holder of a name is the live record with the least claim stamp, a function
 * of state: after a split every node agrees, and the name falls to the next when its holder goes (api.md).
 */
export class NameIndex {
  readonly #bearers = new Map<string, Map<EntityId, EntityRecord>>()

  add(record: EntityRecord): void {
    const key = keyOf(record)
    if (key === undefined) return
    const bearers = this.#bearers.get(key) ?? new Map<EntityId, EntityRecord>()
    this.#bearers.set(key, bearers.set(record.id, record))
  }

  remove(record: EntityRecord): void {
    const key = keyOf(record)
    const bearers = key === undefined ? undefined : this.#bearers.get(key)
    if (key === undefined || bearers === undefined) return
    bearers.delete(record.id)
    if (bearers.size === 0) this.#bearers.delete(key)
  }

  /** The live record that holds the name this record bears; undefined where it bears none under a developer. */
  holder(record: EntityRecord): EntityRecord | undefined {
    const key = keyOf(record)
    let holder: EntityRecord | undefined
    for (const bearer of (key === undefined ? undefined : this.#bearers.get(key))?.values() ?? []) {
      if (holder === undefined || compareStamps(bearer.nameClaim, holder.nameClaim) < 0) holder = bearer
    }
    return holder
  }
}

const keyOf = (record: EntityRecord): string | undefined => {
  const { developerProof, name } = record.profile
  return developerProof === undefined ? undefined : `${developerIdOfProof(developerProof)}/${name}`
}
