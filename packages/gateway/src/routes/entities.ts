/** `POST /v1/entities` registers an entity, `GET /v1/entities` lists them. */
import type { EntityView } from '@rollcall/core'
import {
  type Act,
  actContent,
  type EntityId,
  ERRORS,
  type Failure,
  fail,
  isSignedRequest,
  parseSignedRequest,
  type Result,
  registrant,
  zyndRegistration,
} from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { rateLimited } from '../http/errors.ts'
import { parsePage, parseType, textField } from '../parse-search.ts'
import { LIST_LIMIT_MAX } from '../settings.ts'
import { entityJson } from '../views/entity-view.ts'
import { answers, EntityRef } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'
import { zyndRefused } from './authorization.ts'
import { queryFields, readyOr503 } from './query.ts'

const RegisteredSchema = Type.Intersect([EntityRef, Type.Object({ message: Type.String() })])
const ListSchema = Type.Object({
  entities: Type.Array(EntityRef),
  count: Type.Integer({ description: 'Entities in this answer.' }),
  total: Type.Integer(),
  offset: Type.Integer(),
  has_more: Type.Boolean(),
})

export const entitiesRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const ttlSeconds = context.settings.inactiveThresholdSeconds

  app.post(
    '/v1/entities',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Register an entity',
        description: 'Body: a native signed request {payload, signature}, or a registration as Zynd signs it.',
        tags: ['entities'],
        body: Type.Object({}, { additionalProperties: true }),
        response: answers({ 201: RegisteredSchema }),
      },
    },
    async (request, reply) => {
      const result = await register(context, request)
      if (!result.ok) return answer(reply, withoutConflictText(result), () => undefined)
      const view = result.value
      return reply.code(201).send({ message: 'registered', ...entityJson(view, { ttlSeconds }) })
    },
  )

  app.get<{ Querystring: Record<string, string | string[]> }>(
    '/v1/entities',
    {
      schema: {
        summary: 'List registered entities, by id',
        tags: ['entities'],
        querystring: Type.Object({
          type: Type.Optional(Type.String({ enum: ['agent', 'service'] })),
          category: Type.Optional(Type.String()),
          developer_id: Type.Optional(Type.String()),
          developer_handle: Type.Optional(Type.String()),
          limit: Type.Optional(Type.Integer({ maximum: LIST_LIMIT_MAX })),
          offset: Type.Optional(Type.Integer()),
        }),
        response: answers({ 200: ListSchema }),
      },
    },
    async (request, reply) =>
      answer(reply, list(context, request.query), ({ entities, total, offset }) => ({
        entities: entities.map((view) => entityJson(view, { ttlSeconds })),
        count: entities.length,
        total,
        offset,
        has_more: offset + entities.length < total,
      })),
  )
}

const register = async (context: GatewayContext, request: FastifyRequest): Promise<Result<EntityView>> => {
  const body = bodyText(request)
  const isNative = isSignedRequest(body)
  if (!isNative && !context.settings.zyndSignatures) return zyndRefused('a registration of this form')
  const act = isNative ? parseSignedRequest('register', body) : zyndRegistration(body)
  if (!act.ok) return act
  const id = idOfAct(act.value)
  if (!id.ok) return id
  return keyLimited(context, id.value, () => context.registry.register(act.value, requestContext(request)))
}

const idOfAct = (act: Act): Result<EntityId> => {
  const content = actContent(act)
  if (!content.ok) return content
  const who = registrant(content.value.body)
  return who.ok ? { ok: true, value: who.value.id } : who
}

/**
 * Runs a write about one entity or developer under the limit of its key. Only an accepted write counts: one that is refused,
 * as every forged one is, gives its token back, or anyone could use up the limit of somebody else's key. Taken before the
 * write, because of many at once none has been judged yet.
 */
export const keyLimited = async <T>(
  context: GatewayContext,
  id: EntityId,
  write: () => Promise<Result<T>>,
): Promise<Result<T>> => {
  const { writesPerKey } = context.limits
  const waitSeconds = writesPerKey.take(id)
  if (waitSeconds > 0) {
    context.metrics.count('dropped_total', { queue: 'http', reason: 'writes_of_key' })
    return rateLimited('too many writes about this id', waitSeconds)
  }
  let isAccepted = false
  try {
    const result = await write()
    isAccepted = result.ok
    return result
  } finally {
    if (!isAccepted) writesPerKey.giveBack(id)
  }
}

/**
 * Zynd's Python SDK takes any refused registration whose text contains "409" for a conflict (zynd-wire.md §4.1). An id or
 * a time in a message can contain it, so such a message gives way to the general one.
 */
const withoutConflictText = (failure: Failure): Failure => {
  const { code, message, details } = failure
  if (ERRORS[code].http === 409 || !JSON.stringify({ message, details }).includes('409')) return failure
  return fail(code, ERRORS[code].meaning)
}

const list = (
  context: GatewayContext,
  query: Readonly<Record<string, string | string[]>>,
): Result<{ readonly entities: readonly EntityView[]; readonly total: number; readonly offset: number }> => {
  const ready = readyOr503(context)
  if (!ready.ok) return ready
  const fields = queryFields(query)
  const page = parsePage(fields, { defaultLimit: context.settings.searchDefaultLimit, maxLimit: LIST_LIMIT_MAX })
  if (!page.ok) return page
  const type = parseType(fields)
  if (!type.ok) return type
  const category = textField(fields, ['category'], 256)
  if (!category.ok) return category
  const developerId = textField(fields, ['developer_id'], 256)
  if (!developerId.ok) return developerId
  const developerHandle = textField(fields, ['developer_handle'], 256)
  if (!developerHandle.ok) return developerHandle
  const { limit, offset } = page.value
  const found = context.registry.list({
    ...(type.value === undefined ? {} : { type: type.value }),
    ...(category.value === '' ? {} : { category: category.value }),
    ...(developerId.value === '' ? {} : { developerId: developerId.value }),
    ...(developerHandle.value === '' ? {} : { developerHandle: developerHandle.value.replace(/^@/, '') }),
    limit,
    offset,
  })
  return { ok: true, value: { ...found, offset } }
}
