/** `GET /v1/events`: transitions as server-sent events, resumable by Last-Event-ID or ?since=. */
import { fail } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { FeedContext } from '../context.ts'
import { refuse } from '../http/errors.ts'
import { answers } from '../views/schemas.ts'

const CURSOR_CHARS_MAX = 256

export const eventsRoutes = (app: FastifyInstance, context: FeedContext): void => {
  app.get<{ Querystring: { readonly since?: string } }>(
    '/v1/events',
    {
      exposeHeadRoute: false,
      config: { endless: true },
      schema: {
        summary: 'Transitions as server-sent events',
        description:
          'Each event bears its cursor as id, its type as event, and an Event as data. An event of type gap says that some were missed: read the state again.',
        tags: ['events'],
        produces: ['text/event-stream'],
        querystring: Type.Object({
          since: Type.Optional(Type.String({ description: 'Cursor of the last event seen.' })),
        }),
        response: answers({ 200: Type.String() }),
      },
    },
    async (request, reply) => {
      // On a reconnection the browser sends the newest id it saw, while the address still bears the first one.
      const since = request.headers['last-event-id'] ?? request.query.since
      if (since !== undefined && (typeof since !== 'string' || since.length > CURSOR_CHARS_MAX)) {
        return refuse(
          reply,
          fail('validation_failed', `since is not one cursor of at most ${CURSOR_CHARS_MAX} characters`),
        )
      }
      if (!context.feeds.hasRoom()) {
        return refuse(
          reply,
          fail('rate_limited', 'this node feeds as many readers as it may', { retry_after_seconds: 30 }),
        )
      }
      const { raw } = reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) raw.setHeader(name, value)
      }
      raw.setHeader('content-type', 'text/event-stream; charset=utf-8')
      raw.setHeader('cache-control', 'no-cache, no-transform')
      raw.setHeader('x-accel-buffering', 'no')
      raw.writeHead(200)
      context.feeds.open(raw, { since: since === '' ? undefined : since, requestId: request.id })
      return reply
    },
  )
}
