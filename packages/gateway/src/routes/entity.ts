/** `GET`, `PUT` and `DELETE /v1/entities/{id}`: one entity shown, updated and ended. */
import type { EntityView } from '@rollcall/core'
import type { Act, EntityId, Result } from '@rollcall/protocol'
import { formatStamp } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { entityJson, isoTime } from '../views/entity-view.ts'
import { answers, type EntityJson, EntityRef } from '../views/schemas.ts'
import { answer, idOfPath, requestContext } from './answer.ts'
import { actsOfCall, tryActs } from './authorization.ts'
import { keyLimited } from './entities.ts'

interface OneEntity {
  Params: { readonly id: string }
  Querystring: { readonly consistency?: string }
}

type Show = (view: EntityView) => EntityJson

const params = Type.Object({ id: Type.String({ description: 'Colons literal or percent-encoded.' }) })
const signedBody = 'A native signed request {payload, signature} as body, or Authorization: Bearer with'
const DeregisteredSchema = Type.Object({
  entity_id: Type.String(),
  message: Type.String(),
  deregistered_at: Type.String({ format: 'date-time' }),
  stamp: Type.String(),
})

export const entityRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const ttlSeconds = context.settings.inactiveThresholdSeconds
  const show = (view: EntityView): EntityJson => entityJson(view, { ttlSeconds })
  showRoute(app, context, show)
  updateRoute(app, context, show)
  deregisterRoute(app, context)
}

const showRoute = (app: FastifyInstance, context: GatewayContext, show: Show): void => {
  app.get<OneEntity>(
    '/v1/entities/:id',
    {
      schema: {
        summary: 'One entity',
        description: 'Its newest beat is asked of its attendant; ?consistency=local answers with what this node knows.',
        tags: ['entities'],
        params,
        querystring: Type.Object({ consistency: Type.Optional(Type.String({ enum: ['local', 'fresh'] })) }),
        response: answers({ 200: EntityRef }),
      },
    },
    async (request, reply) => {
      const id = idOfPath(request.params.id)
      if (!id.ok) return answer(reply, id, () => undefined)
      const isLocal = request.query.consistency === 'local'
      const found = isLocal
        ? await context.registry.entity(id.value, 'local')
        : await context.lookup.find(id.value, 'fresh')
      return answer(reply, found, show)
    },
  )
}

const updateRoute = (app: FastifyInstance, context: GatewayContext, show: Show): void => {
  app.put<OneEntity>(
    '/v1/entities/:id',
    {
      schema: {
        summary: 'Update an entity',
        description: `${signedBody} a signature over the raw body, by the entity or its developer.`,
        tags: ['entities'],
        params,
        body: Type.Object({}, { additionalProperties: true }),
        response: answers({ 200: EntityRef }),
      },
    },
    async (request, reply) =>
      answer(
        reply,
        await signedCall(context, request, 'update', (id, act) =>
          context.registry.update(id, act, requestContext(request)),
        ),
        show,
      ),
  )
}

const deregisterRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.delete<OneEntity>(
    '/v1/entities/:id',
    {
      schema: {
        summary: 'Deregister an entity',
        description: `${signedBody} a signature over the entity id, by the entity or its developer.`,
        tags: ['entities'],
        params,
        response: answers({ 200: DeregisteredSchema }),
      },
    },
    async (request, reply) =>
      answer(
        reply,
        await signedCall(context, request, 'deregister', (id, act) =>
          context.registry.deregister(id, act, requestContext(request)),
        ),
        ({ id, stamp }) => ({
          entity_id: id,
          message: 'deregistered',
          deregistered_at: isoTime(stamp.wallMs),
          stamp: formatStamp(stamp),
        }),
      ),
  )
}

const signedCall = async <T>(
  context: GatewayContext,
  request: FastifyRequest<OneEntity>,
  kind: 'update' | 'deregister',
  call: (id: EntityId, act: Act) => Promise<Result<T>>,
): Promise<Result<T>> => {
  const id = idOfPath(request.params.id)
  if (!id.ok) return id
  const { zyndSignatures } = context.settings
  const { authorization } = request.headers
  const acts = actsOfCall({ kind, body: bodyText(request), authorization, zyndSignatures })
  if (!acts.ok) return acts
  return keyLimited(context, id.value, () =>
    tryActs(acts.value, (act) => context.lookup.withLocated(id.value, () => call(id.value, act))),
  )
}
