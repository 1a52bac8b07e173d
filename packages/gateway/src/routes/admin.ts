/** `POST /v1/admin/drain`: what an operator does to a node before stopping it. */
import { fail } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { refuse } from '../http/errors.ts'
import { answers } from '../views/schemas.ts'
import { adminOnly } from './authorization.ts'

const DrainedSchema = Type.Object({ node_id: Type.String(), message: Type.String() })

export const adminRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/admin/drain',
    {
      schema: {
        summary: 'Send the sessions of this node to others, and take no more writes',
        description: 'Needs an admin token as Authorization: Bearer.',
        tags: ['node'],
        response: answers({ 200: DrainedSchema }),
      },
    },
    async (request, reply) => {
      const { drain, registry, log } = context
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
}
