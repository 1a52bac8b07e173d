/** Which live entities a list holds. */
import type { Holding, ListFilter, RegistryState } from '@rollcall/core'
import { compareText, developerIdOfProof, type EntityRecord, entityTypeOf, parseDeveloperId } from '@rollcall/protocol'

export interface Listed {
  readonly holding: Holding
  readonly record: EntityRecord
}

/** In ascending order of id, whatever their status. Costs what exists, or what the developer asked for owns. */
export const listed = (state: RegistryState, filter: ListFilter): Listed[] => {
  const matching: Listed[] = []
  for (const holding of candidates(state, filter)) {
    const { entry } = holding
    if (entry.kind === 'record' && isListed(entry.record, filter)) matching.push({ holding, record: entry.record })
  }
  return matching.sort((a, b) => compareText(a.record.id, b.record.id))
}

function* candidates({ holdings, owned }: RegistryState, { developerId }: ListFilter): Generator<Holding> {
  if (developerId === undefined) return yield* holdings.values()
  const id = parseDeveloperId(developerId)
  for (const entity of id === undefined ? [] : owned.entities(id)) {
    const holding = holdings.get(entity)
    if (holding !== undefined) yield holding
  }
}

const isListed = (record: EntityRecord, filter: ListFilter): boolean => {
  const { profile } = record
  return (
    (filter.type === undefined || entityTypeOf(record.id) === filter.type) &&
    (filter.category === undefined || profile.category.toLowerCase() === filter.category.toLowerCase()) &&
    // Last, because an id of a developer costs a hash: a list of everything would compute one for each record.
    (filter.developerId === undefined || developerOf(record) === filter.developerId)
  )
}

const developerOf = ({ profile: { developerProof } }: EntityRecord): string | undefined =>
  developerProof === undefined ? undefined : developerIdOfProof(developerProof)
