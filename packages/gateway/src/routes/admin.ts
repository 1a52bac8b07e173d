/** What an operator does to a node: `POST /v1/admin/drain` before stopping it, `GET /v1/admin/backup` to keep a copy. */
import { Readable } from 'node:stream'
import { fail } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { refuse } from '../http/errors.ts'
import { answers } from '../views/schemas.ts'
import { adminOnly } from './authorization.ts'

const DrainedSchema = Type.Object({ node_id: Type.String(), message: Type.String() })
const description = 'Needs an admin token as Authorization: Bearer.'

export const adminRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const { registry, log } = context

  app.post(
    '/v1/admin/drain',
    {
      schema: {
        summary: 'Send the sessions of this node to others, and take no more writes',
        description,
        tags: ['node'],
        response: answers({ 200: DrainedSchema }),
      },
    },
    async (request, reply) => {
      const { drain } = context
      if (drain === undefined) return refuse(reply, fail('not_found', 'this node cannot be drained from outside'))
      const admin = adminOnly(context, request)
      if (!admin.ok) return refuse(reply, admin)
      log.warn('the node drains, an admin asked for it', { requestId: request.id, address: request.callerAddress })
      drain()
      return {
        node_id: registry.nodeId,
        message: 'the node sends its sessions to other nodes and takes no more writes',
      }
    },
  )

  app.get(
    '/v1/admin/backup',
    {
      schema: {
        summary: 'A copy of the store of this node as it is at this moment',
        description: `${description} The key of the node is not in it: that leaves the machine over no network.`,
        tags: ['node'],
        produces: ['application/octet-stream'],
        response: answers({}),
      },
    },
    async (request, reply) => {
      const { backup } = context
      if (backup === undefined) return refuse(reply, fail('not_found', 'this node cannot be copied from outside'))
      const admin = adminOnly(context, request)
      if (!admin.ok) return refuse(reply, admin)
      log.warn('an admin takes a backup', { requestId: request.id, address: request.callerAddress })
      return reply.type('application/octet-stream').send(Readable.from(backup(), { objectMode: false }))
    },
  )
}
