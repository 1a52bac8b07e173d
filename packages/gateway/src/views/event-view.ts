/** A transition as JSON: ours for server-sent events, and Zynd's shape for its activity socket (zynd-wire.md §7). */
import type { RegistryEvent } from '@rollcall/core'
import { isoTime } from './entity-view.ts'
import type { EventJson } from './schemas.ts'

export const eventJson = (event: RegistryEvent): EventJson => ({
  cursor: event.cursor,
  type: event.type,
  at: isoTime(event.atMs),
  ...(event.entityId === undefined ? {} : { entity_id: event.entityId }),
  ...(event.developerId === undefined ? {} : { developer_id: event.developerId }),
  ...(event.handle === undefined ? {} : { handle: event.handle }),
  ...(event.fqan === undefined ? {} : { fqan: event.fqan }),
  ...(event.holder === undefined ? {} : { holder: event.holder }),
  ...(event.name === undefined ? {} : { name: event.name }),
  ...(event.category === undefined ? {} : { category: event.category }),
  ...(event.from === undefined ? {} : { from: event.from }),
  ...(event.to === undefined ? {} : { to: event.to }),
  ...(event.reason === undefined ? {} : { reason: event.reason }),
  ...(event.attendant === undefined ? {} : { attendant: event.attendant }),
  ...(event.stamp === undefined ? {} : { stamp: event.stamp }),
})

const ACTIVITY_TYPES = {
  registered: 'entity_registered',
  updated: 'entity_updated',
  active: 'entity_became_active',
  inactive: 'entity_became_inactive',
  moved: 'entity_moved',
  deregistered: 'entity_deregistered',
  purged: 'entity_purged',
  developer_registered: 'developer_registered',
  developer_updated: 'developer_updated',
  developer_deregistered: 'developer_deregistered',
  developer_purged: 'developer_purged',
  handle_claimed: 'handle_claimed',
  handle_lost: 'handle_lost',
  handle_released: 'handle_released',
  name_registered: 'name_registered',
  name_lost: 'name_lost',
  name_released: 'name_released',
  gap: 'gap',
} as const satisfies Record<RegistryEvent['type'], string>

/**
 * The frames that tell of an event. What this node first hears of as active was registered elsewhere a moment before: the
 * SDKs beat within milliseconds of it, so that both arrive as one, and both are told.
 */
export const activityFrames = (event: RegistryEvent) => {
  const isNew = event.type === 'active' && event.from !== 'inactive'
  const frame = activityJson(event)
  return isNew ? [{ ...frame, type: ACTIVITY_TYPES.registered }, frame] : [frame]
}

const activityJson = (event: RegistryEvent) => ({
  type: ACTIVITY_TYPES[event.type],
  timestamp: isoTime(event.atMs),
  data: {
    entity_id: event.entityId,
    name: event.name,
    category: event.category,
    status: event.to,
    reason: event.reason,
    ...(event.developerId === undefined ? {} : claimData(event)),
  },
})

/** What Zynd's events of handles and names carry. */
const claimData = ({ developerId, handle, fqan, type }: RegistryEvent) => ({
  developer_id: developerId,
  handle,
  fqan,
  action: type,
})
