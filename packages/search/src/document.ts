import type { EntityId, EntityType } from '@rollcall/protocol'

/** Presence of an entity as this node shows it. */
export type SearchStatus = 'active' | 'inactive'

/** What search knows of one entity: a projection of the registry's state, never a second truth. */
export interface SearchDocument {
  readonly id: EntityId
  readonly type: EntityType
  readonly name: string
  readonly category: string
  readonly tags: readonly string[]
  readonly summary: string
  /** Skills and other words the entity declares of itself. */
  readonly capabilityWords: readonly string[]
  readonly developerId?: string | undefined
  readonly developerHandle?: string
  /** Full name, `host/handle/name`; compared without case and without `zns://`. */
  readonly fqan?: string
  readonly status: SearchStatus
  /** Time of the last beat the cluster knows, milliseconds since 1970; 0 if it never beat. Orders browsing. */
  readonly lastActiveMs: number
}
