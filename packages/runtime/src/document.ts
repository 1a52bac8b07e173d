/** What search knows of an entity: made from replicated state and nothing else, so equal state answers equally (F1). */
import { type Holding, presenceOf } from '@rollcall/core'
import { developerIdOfProof, type EntityRecord, entityTypeOf, isJsonObject, type Json } from '@rollcall/protocol'
import type { SearchDocument } from '@rollcall/search'

const CAPABILITY_WORDS_MAX = 64

/** The document of a live record; undefined for what remains of a dead one. */
export const documentOf = (holding: Holding): SearchDocument | undefined => {
  const { entry, shown } = holding
  if (entry.kind !== 'record') return undefined
  const { profile } = entry.record
  return {
    id: entry.id,
    type: entityTypeOf(entry.id),
    name: profile.name,
    category: profile.category,
    tags: profile.tags,
    summary: profile.summary,
    capabilityWords: capabilityWords(profile.capabilitySummary),
    ...developerOf(entry.record),
    status: shown === 'active' ? 'active' : 'inactive',
    lastActiveMs: presenceOf(entry)?.beat.timeMs ?? 0,
  }
}

const developerOf = ({ profile }: EntityRecord): { readonly developerId?: string } =>
  profile.developerProof === undefined ? {} : { developerId: developerIdOfProof(profile.developerProof) }

/** Every text in a capability summary, in order, at most CAPABILITY_WORDS_MAX of them. */
const capabilityWords = (summary: Json | undefined): string[] => {
  const words: string[] = []
  const collect = (value: Json | undefined): void => {
    if (words.length >= CAPABILITY_WORDS_MAX) return
    if (typeof value === 'string') words.push(value)
    else if (Array.isArray(value)) value.forEach(collect)
    else if (isJsonObject(value)) Object.values(value).forEach(collect)
  }
  collect(summary)
  return words
}
