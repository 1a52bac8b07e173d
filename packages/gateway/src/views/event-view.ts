/** A transition as JSON, for server-sent events. Its shape for Zynd's activity socket is in `activity/`. */
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
