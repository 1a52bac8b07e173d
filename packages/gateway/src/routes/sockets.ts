/**
 * The socket endpoints as OpenAPI describes them, and what they answer to a plain GET: 426, with the way to do better.
 * The upgrade itself never reaches these routes; `sockets/upgrade-door.ts` takes it.
 */
import { CLOSE_CODES, fail } from '@rollcall/protocol'
import type { FastifyInstance } from 'fastify'
import { refuse } from '../http/errors.ts'
import { answers, OUTCOMES_TEXT } from '../views/schemas.ts'

const CLOSES = Object.entries(CLOSE_CODES)
  .map(([reason, { code, meaning }]) => `${code} ${reason}: ${meaning}`)
  .join(' ')

export const SOCKET_ROUTES = [
  {
    url: '/v1/entities/:id/ws',
    summary: 'Heartbeats of one entity, as Zynd sends them',
    description: 'Frames {timestamp, signature}. The node sends no data frame unless the address bears ?ack=1.',
    tag: 'heartbeat',
  },
  {
    url: '/v1/heartbeat',
    summary: 'Heartbeats of many entities, as Zynd documents them',
    description: 'Frames {type: "heartbeat", agent_id, timestamp, signature}; each is acknowledged or refused.',
    tag: 'heartbeat',
  },
  {
    url: '/v1/session',
    summary: 'Heartbeats of one or many entities, bound to this session',
    description: 'challenge → hello → welcome, then heartbeat and goodbye frames; each is acknowledged or refused.',
    tag: 'heartbeat',
  },
  {
    url: '/v1/ws/activity',
    summary: 'Transitions, as Zynd shapes them',
    description: 'The node sends {type, timestamp, data}, connected first.',
    tag: 'events',
  },
] as const

export const socketRoutes = (app: FastifyInstance): void => {
  for (const { url, summary, description, tag } of SOCKET_ROUTES) {
    const outcomes = tag === 'heartbeat' ? ` Every heartbeat has one outcome: ${OUTCOMES_TEXT}.` : ''
    app.get(
      url,
      {
        exposeHeadRoute: false,
        schema: {
          summary,
          description: `WebSocket. ${description}${outcomes} Close codes: ${CLOSES}`,
          tags: [tag],
          response: answers({}),
        },
      },
      async (request, reply) => {
        reply.headers({ upgrade: 'websocket', connection: 'Upgrade' })
        return refuse(
          reply,
          fail(
            'protocol_incompatible',
            'this address speaks WebSocket; a proxy in between must pass the Upgrade and Connection headers on',
            { missing_headers: request.headers.upgrade === undefined ? ['Upgrade'] : ['Connection'] },
          ),
        )
      },
    )
  }
}
