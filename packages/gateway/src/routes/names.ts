/** `/v1/names` and `/v1/resolve`: full names of entities under their developers (N3). */
import type { EntityView } from '@rollcall/core'
import {
  type EntityId,
  fail,
  type JsonObject,
  nameProblem,
  ok,
  parseEntityId,
  type Result,
  releaseText,
} from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import {
  BindingAnswerSchema,
  BindingRef,
  NameAvailableSchema,
  NameReleasedSchema,
  ResolvedSchema,
  VersionSchema,
} from '../views/naming-schemas.ts'
import { bindingJson, resolvedJson, versionsJson } from '../views/naming-view.ts'
import { answers } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'
import { actInBody, actInHeader } from './developer-acts.ts'
import { keyLimited } from './entities.ts'
import { holderOf } from './handles.ts'

interface OneName {
  Params: { readonly handle: string; readonly name: string }
}

const params = Type.Object({ handle: Type.String(), name: Type.String() })
const anyBody = Type.Object({}, { additionalProperties: true })
const tags = ['developers']
const SIGNED_BINDING =
  'Body: a native signed request, or {developer_handle, entity_name, entity_id, version, capability_tags, signature} as Zynd signs it. The signer is the developer whose proof the entity carries.'

export const namesRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  bindRoutes(app, context)
  showRoutes(app, context)
  availableRoute(app, context)
  releaseRoute(app, context)
}

const bindRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/names',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Bind a name to an entity',
        description: `${SIGNED_BINDING} The same again changes nothing; another version is added to the versions.`,
        tags,
        body: anyBody,
        response: answers({ 201: BindingAnswerSchema }),
      },
    },
    async (request, reply) => answer(reply, await bind(context, request, () => undefined), boundJson, 201),
  )
  app.put<OneName>(
    '/v1/names/:handle/:name',
    {
      schema: {
        summary: 'Bind another version of a name',
        description: SIGNED_BINDING,
        tags,
        params,
        body: anyBody,
        response: answers({ 200: BindingAnswerSchema }),
      },
    },
    async (request, reply) => {
      const held = named(context, request.params)
      if (!held.ok) return answer(reply, held, () => undefined)
      const { handle, name } = request.params
      const isOther = (body: JsonObject) =>
        body.entity_name !== name || (body.developer_handle !== undefined && body.developer_handle !== handle)
      const bound = await bind(context, request, (body) =>
        isOther(body) ? fail('validation_failed', 'the body binds another name than the address') : undefined,
      )
      return answer(reply, bound, boundJson)
    },
  )
}

const boundJson = (view: EntityView) => ({ ...bindingJson(view), message: 'bound' })

const bind = async (
  context: GatewayContext,
  request: FastifyRequest,
  refusalOf: (body: JsonObject) => ReturnType<typeof fail> | undefined,
): Promise<Result<EntityView>> => {
  const read = actInBody(context, request, 'bind_name')
  if (!read.ok) return read
  const { act, body } = read.value
  const refused = refusalOf(body)
  if (refused !== undefined) return refused
  const id = entityOf(body)
  if (!id.ok) return id
  const bound = await keyLimited(context, id.value, () =>
    context.registry.nameAct(id.value, act, requestContext(request)),
  )
  if (!bound.ok || bound.value.fqan !== undefined) return bound
  // Another claim, or the release of the handle, came between the act and its answer.
  return bound.value.nameProblem ?? fail('conflict_duplicate_name', 'the name is no longer held by this entity')
}

const entityOf = (body: JsonObject): Result<EntityId> => {
  const text = typeof body.entity_id === 'string' ? body.entity_id : ''
  const id = parseEntityId(text)
  return id === undefined ? fail('entity_not_found', `${text.slice(0, 80)} is not the id of an entity`) : ok(id)
}

/** The entity that holds the name of the path. */
const named = (context: GatewayContext, of: OneName['Params']): Result<EntityView> => {
  const holder = holderOf(context, of.handle)
  if (!holder.ok) return holder
  const view = context.registry.resolveName(of)
  return view?.fqan === undefined
    ? fail('not_found', `no entity holds the name ${`${of.handle}/${of.name}`.slice(0, 100)}`)
    : ok(view)
}

const showRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const routes = [
    { url: '/v1/names/:handle/:name', summary: 'The binding of a name', schema: BindingRef, show: bindingJson },
    {
      url: '/v1/names/:handle/:name/versions',
      summary: 'The versions of a name, newest first',
      schema: Type.Array(VersionSchema),
      show: versionsJson,
    },
    {
      url: '/v1/resolve/:handle/:name',
      summary: 'What a name stands for',
      schema: ResolvedSchema,
      show: (view: EntityView) => {
        context.activity.nameResolved(view)
        return resolvedJson(view)
      },
    },
  ]
  for (const { url, summary, schema, show } of routes) {
    app.get<OneName>(
      url,
      { schema: { summary, tags, params, response: answers({ 200: schema }) } },
      async (request, reply) => answer<EntityView>(reply, named(context, request.params), show),
    )
  }
}

const availableRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.get<OneName>(
    '/v1/names/:handle/:name/available',
    {
      schema: {
        summary: 'Whether a name can be bound under a handle',
        tags,
        params,
        response: answers({ 200: NameAvailableSchema }),
      },
    },
    async (request, reply) => {
      const { handle, name } = request.params
      const said = { developer: handle, entity_name: name }
      const problem = nameProblem(name)
      if (problem !== undefined) return { ...said, available: false, reason: problem }
      const holder = holderOf(context, handle)
      if (!holder.ok && holder.code !== 'not_found') return answer(reply, holder, () => undefined)
      if (!holder.ok) return { ...said, available: false, reason: holder.message }
      const existing = context.registry.resolveName({ handle, name })
      if (existing === undefined) return { ...said, available: true }
      return { ...said, available: false, reason: `it is held by ${existing.id}`, existing_entity_id: existing.id }
    },
  )
}

const releaseRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.delete<OneName>(
    '/v1/names/:handle/:name',
    {
      schema: {
        summary: 'Release a name',
        description:
          'A native signed request with entity_id and entity_name, or Authorization: Bearer with a signature over "release:" and the full name.',
        tags,
        params,
        response: answers({ 200: NameReleasedSchema }),
      },
    },
    async (request, reply) => {
      const held = named(context, request.params)
      if (!held.ok) return answer(reply, held, () => undefined)
      const { id, fqan = '' } = held.value
      const read = actInHeader(context, request, { kind: 'release_name', text: releaseText(fqan) })
      if (!read.ok) return answer(reply, read, () => undefined)
      const released = await keyLimited(context, id, () =>
        context.registry.nameAct(id, read.value.act, requestContext(request)),
      )
      return answer(reply, released, () => ({ fqan, entity_id: id, message: 'released' }))
    },
  )
}
