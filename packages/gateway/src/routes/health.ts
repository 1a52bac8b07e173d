/** Probes: `GET /health` says that the process is up, `GET /ready` that it serves, `GET /metrics` how it fares. */
import { fail } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLocal } from '../address.ts'
import type { GatewayContext } from '../context.ts'
import { refuse } from '../http/errors.ts'
import { answers } from '../views/schemas.ts'
import { bearerToken } from './authorization.ts'

const config = { limit: 'none' } as const

export const healthRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.get(
    '/health',
    {
      config,
      schema: {
        summary: 'Whether the process is up',
        tags: ['node'],
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' }),
  )

  app.get(
    '/ready',
    {
      config,
      schema: {
        summary: 'Whether the node serves: has its state, synced, mesh joined',
        tags: ['node'],
        response: answers({ 200: Type.Object({ ready: Type.Literal(true) }) }),
      },
    },
    async (_request, reply) => {
      if (context.isStopping()) return refuse(reply, fail('node_not_ready', 'the node is stopping'))
      const readiness = context.registry.readiness()
      return readiness.ready ? { ready: true } : refuse(reply, fail('node_not_ready', readiness.reason))
    },
  )

  app.get(
    '/metrics',
    {
      config,
      schema: {
        summary:
          'Metrics for Prometheus; only for this machine or with an admin token, unless the node is told otherwise',
        tags: ['node'],
        produces: ['text/plain'],
        response: answers({ 200: Type.String() }),
      },
    },
    async (request, reply) => {
      const { metricsText } = context
      if (metricsText === undefined) return refuse(reply, fail('not_found', 'this node keeps no metrics'))
      if (!mayReadMetrics(context, request)) {
        return refuse(
          reply,
          fail('forbidden', 'metrics are for callers on the same machine; metrics.listen opens them'),
        )
      }
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText())
    },
  )
}

const mayReadMetrics = (context: GatewayContext, request: FastifyRequest): boolean => {
  if (context.settings.metricsPublic || isLocal(request.raw, request.callerAddress)) return true
  const token = bearerToken(request)
  return token !== undefined && context.adminAllowed(token)
}
