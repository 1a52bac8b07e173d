/** `/v1/developers`: who owns entities, by their own word or by the proofs of their entities (zynd-wire.md §4.3). */
import { developerOf, formatStamp, ok, type Result } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { parsePage } from '../parse-search.ts'
import { LIST_LIMIT_MAX } from '../settings.ts'
import { entityJson, isoTime } from '../views/entity-view.ts'
import {
  DeveloperAnswerSchema,
  DeveloperEntitiesSchema,
  DeveloperGoneSchema,
  DeveloperRef,
} from '../views/naming-schemas.ts'
import { developerJson } from '../views/naming-view.ts'
import { answers } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'
import { actInBody, actInHeader, developerOfPath } from './developer-acts.ts'
import { keyLimited } from './entities.ts'
import { queryFields } from './query.ts'

interface OneDeveloper {
  Params: { readonly id: string }
  Querystring: Record<string, string | string[]>
}

const params = Type.Object({ id: Type.String({ description: 'Colons literal or percent-encoded.' }) })
const anyBody = Type.Object({}, { additionalProperties: true })
const tags = ['developers']

export const developersRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  registerRoute(app, context)
  showRoute(app, context)
  updateRoute(app, context)
  deregisterRoute(app, context)
  entitiesRoutes(app, context)
}

const registerRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/developers',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Register a developer',
        description:
          'Body: a native signed request, which may claim a handle too, or {name, public_key, github, profile_url, signature} as Zynd signs it. That form does not cover a handle: claim it with POST /v1/handles.',
        tags,
        body: anyBody,
        response: answers({ 201: DeveloperAnswerSchema }),
      },
    },
    async (request, reply) => {
      const read = actInBody(context, request, 'register_developer')
      if (!read.ok) return answer(reply, read, () => undefined)
      const { act, body } = read.value
      const who = developerOf(body)
      if (!who.ok) return answer(reply, who, () => undefined)
      const { id } = who.value
      const written = await keyLimited(context, id, () =>
        context.registry.developerAct(id, act, requestContext(request)),
      )
      const unsigned = act.form === 'zynd' && typeof body.handle === 'string' && body.handle !== ''
      return answer(
        reply,
        written,
        (view) => ({
          ...developerJson(view),
          ...(view.handle === undefined ? {} : { handle: view.handle }),
          ...(unsigned ? { handle_error: UNSIGNED_HANDLE } : {}),
          message: 'registered',
        }),
        201,
      )
    },
  )
}

const UNSIGNED_HANDLE = 'unauthenticated: the signature does not cover the handle; claim it with POST /v1/handles'

const showRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.get<OneDeveloper>(
    '/v1/developers/:id',
    { schema: { summary: 'One developer', tags, params, response: answers({ 200: DeveloperRef }) } },
    async (request, reply) => {
      const id = developerOfPath(request.params.id)
      return answer(reply, id.ok ? await context.registry.developer(id.value) : id, developerJson)
    },
  )
}

const updateRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.put<OneDeveloper>(
    '/v1/developers/:id',
    {
      schema: {
        summary: 'Update a developer',
        description:
          'Fields name, github, profile_url; in a native signed request, or as a body whose raw bytes the signature in Authorization: Bearer covers.',
        tags,
        params,
        body: anyBody,
        response: answers({ 200: DeveloperRef }),
      },
    },
    async (request, reply) => {
      const id = developerOfPath(request.params.id)
      if (!id.ok) return answer(reply, id, () => undefined)
      const read = actInHeader(context, request, { kind: 'update_developer', text: bodyText(request) })
      if (!read.ok) return answer(reply, read, () => undefined)
      const written = await keyLimited(context, id.value, () =>
        context.registry.developerAct(id.value, read.value.act, requestContext(request)),
      )
      return answer(reply, written, developerJson)
    },
  )
}

const deregisterRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.delete<OneDeveloper>(
    '/v1/developers/:id',
    {
      schema: {
        summary: 'Deregister a developer',
        description:
          'A native signed request, or Authorization: Bearer with a signature over the developer id. Its handle falls to whoever claims it next; its entities stay.',
        tags,
        params,
        response: answers({ 200: DeveloperGoneSchema }),
      },
    },
    async (request, reply) => {
      const id = developerOfPath(request.params.id)
      if (!id.ok) return answer(reply, id, () => undefined)
      const read = actInHeader(context, request, { kind: 'deregister_developer', text: '' })
      if (!read.ok) return answer(reply, read, () => undefined)
      const ended = await keyLimited(context, id.value, () =>
        context.registry.deregisterDeveloper(id.value, read.value.act, requestContext(request)),
      )
      return answer(reply, ended, ({ stamp }) => ({
        developer_id: id.value,
        message: 'deregistered',
        deregistered_at: isoTime(stamp.wallMs),
        stamp: formatStamp(stamp),
      }))
    },
  )
}

const entitiesRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  for (const what of ['entities', 'agents']) {
    app.get<OneDeveloper>(
      `/v1/developers/:id/${what}`,
      {
        schema: {
          summary: 'The entities of a developer, by id',
          tags,
          params,
          querystring: Type.Object({
            limit: Type.Optional(Type.Integer({ maximum: LIST_LIMIT_MAX })),
            offset: Type.Optional(Type.Integer()),
          }),
          response: answers({ 200: DeveloperEntitiesSchema }),
        },
      },
      async (request, reply) =>
        answer(reply, await entitiesOf(context, request.params.id, request.query), (found) => found),
    )
  }
}

const entitiesOf = async (
  context: GatewayContext,
  text: string,
  query: Readonly<Record<string, string | string[]>>,
): Promise<Result<unknown>> => {
  const id = developerOfPath(text)
  if (!id.ok) return id
  const page = parsePage(queryFields(query), { defaultLimit: LIST_LIMIT_MAX, maxLimit: LIST_LIMIT_MAX })
  if (!page.ok) return page
  const developer = await context.registry.developer(id.value)
  if (!developer.ok) return developer
  const { entities, total } = context.registry.list({ developerId: id.value, ...page.value })
  const shown = entities.map((view) => entityJson(view, { ttlSeconds: context.settings.inactiveThresholdSeconds }))
  const { offset } = page.value
  return ok({
    developer_id: id.value,
    entities: shown,
    agents: shown,
    count: shown.length,
    total,
    offset,
    has_more: offset + shown.length < total,
  })
}
