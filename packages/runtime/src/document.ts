/** What search knows of an entity: made from replicated state and nothing else, so equal state answers equally (F1). */
import { type Holding, presenceOf } from '@rollcall/core'
import {
  developerIdOfProof,
  type EntityId,
  type EntityRecord,
  type EntityType,
  entityTypeOf,
  isJsonObject,
  type Json,
} from '@rollcall/protocol'
import type { SearchDocument, SearchStatus } from '@rollcall/search'

const CAPABILITY_WORDS_MAX = 64
const NONE: readonly string[] = []

/**
 * A record as search reads it. It keeps the record alone and reads out of it what is asked: search holds one of these for
 * every entity there is. Status and time are those of when it was made.
 */
export class RecordDocument implements SearchDocument {
  readonly record: EntityRecord
  readonly status: SearchStatus
  readonly lastActiveMs: number

  constructor(record: EntityRecord, status: SearchStatus, lastActiveMs: number) {
    this.record = record
    this.status = status
    this.lastActiveMs = lastActiveMs
  }

  get id(): EntityId {
    return this.record.id
  }

  get type(): EntityType {
    return entityTypeOf(this.record.id)
  }

  get name(): string {
    return this.record.profile.name
  }

  get category(): string {
    return this.record.profile.category
  }

  get tags(): readonly string[] {
    return this.record.profile.tags
  }

  get summary(): string {
    return this.record.profile.summary
  }

  get capabilityWords(): readonly string[] {
    return capabilityWords(this.record.profile.capabilitySummary)
  }

  get developerId(): string | undefined {
    const { developerProof } = this.record.profile
    return developerProof === undefined ? undefined : developerIdOfProof(developerProof)
  }
}

/** The document of a live record; undefined for what remains of a dead one. */
export const documentOf = ({ entry, shown }: Holding): RecordDocument | undefined =>
  entry.kind === 'record'
    ? new RecordDocument(entry.record, shown === 'active' ? 'active' : 'inactive', presenceOf(entry)?.beat.timeMs ?? 0)
    : undefined

/** Every text in a capability summary, in order, at most CAPABILITY_WORDS_MAX of them. */
const capabilityWords = (summary: Json | undefined): readonly string[] => {
  if (summary === undefined) return NONE
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
