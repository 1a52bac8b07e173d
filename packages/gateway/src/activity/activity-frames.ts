/** A transition as frames of the activity socket, in Zynd's names and shapes (zynd-wire.md §7). */
import type { RegistryEvent } from '@rollcall/core'
import { type NodeId, parseStamp } from '@rollcall/protocol'
import { isoTime, registryId } from '../views/entity-view.ts'
import type { ActivityFrame } from './activity-bus.ts'

const TYPES = {
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

/** What is not told to other nodes: each finds it out by itself. */
const LOCAL: ReadonlySet<string> = new Set(['purged', 'developer_purged', 'gap'])

/** The frame of the transition, and the one of the gossip that carried it here or carries it away. */
export const framesOf = (event: RegistryEvent, self: NodeId): readonly ActivityFrame[] => {
  const timestamp = isoTime(event.atMs)
  const frame = { type: TYPES[event.type], timestamp, data: transitionData(event) }
  const frames = isNews(event) ? [{ ...frame, type: TYPES.registered }, frame] : [frame]
  const origin = event.stamp === undefined ? undefined : parseStamp(event.stamp)?.node
  if (event.entityId === undefined || origin === undefined || LOCAL.has(event.type)) return frames
  const isOwn = origin === self
  const data = {
    entity_id: event.entityId,
    name: event.name,
    action: event.type,
    home_registry: registryId(origin),
    // How many nodes passed it on is not known; it was one at least.
    hop_count: isOwn ? 0 : 1,
    direction: isOwn ? 'outgoing' : 'incoming',
  }
  return [...frames, { type: isOwn ? 'gossip_outgoing' : 'gossip_incoming', timestamp, data }]
}

/**
 * What this node first hears of as active was registered elsewhere a moment before: the SDKs beat within milliseconds of
 * it, so that both arrive as one, and both are told.
 */
const isNews = (event: RegistryEvent): boolean => event.type === 'active' && event.from !== 'inactive'

const transitionData = (event: RegistryEvent): ActivityFrame['data'] => ({
  entity_id: event.entityId,
  name: event.name,
  category: event.category,
  status: event.to,
  reason: event.reason,
  ...(event.developerId === undefined ? {} : claimData(event)),
})

/** What Zynd's events of handles and names carry. */
const claimData = ({ developerId, handle, fqan, type }: RegistryEvent) => ({
  developer_id: developerId,
  handle,
  fqan,
  action: type,
})
