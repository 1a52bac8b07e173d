/** `/v1/handles`: short names of developers. Only the key of a developer claims, releases and verifies one (N1). */

import type { DeveloperView } from '@rollcall/core'
import { fail, handleProblem, ok, parseJsonObject, type Result, releaseText, utf8 } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { parsePage } from '../parse-search.ts'
import { LIST_LIMIT_MAX } from '../settings.ts'
import { BindingRef, HandleAnswerSchema, HandleAvailableSchema, HandleSchema } from '../views/naming-schemas.ts'
import { bindingJson, handleJson } from '../views/naming-view.ts'
import { answers } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'
import { actInBody, actInHeader, developerOfBody, signatureInHeader } from './developer-acts.ts'
import { keyLimited } from './entities.ts'
import { queryFields, readyOr503 } from './query.ts'

interface OneHandle {
  Params: { readonly handle: string }
  Querystring: Record<string, string | string[]>
}

const params = Type.Object({ handle: Type.String() })
const anyBody = Type.Object({}, { additionalProperties: true })
const tags = ['developers']

export const handlesRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  claimRoute(app, context)
  showRoutes(app, context)
  releaseRoute(app, context)
  verifyRoute(app, context)
  namesRoutes(app, context)
}

/** The developer that holds a handle, or the failure to answer with. */
export const holderOf = (context: GatewayContext, handle: string): Result<DeveloperView> => {
  const ready = readyOr503(context)
  if (!ready.ok) return ready
  const holder = context.registry.holderOfHandle(handle)
  return holder === undefined ? fail('not_found', `nobody holds the handle ${handle.slice(0, 80)}`) : ok(holder)
}

const claimRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/handles',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Claim a handle',
        description:
          'Body: a native signed request with developer_id and handle, or {handle, developer_id, public_key, signature} as Zynd signs it. A developer has one handle; of two that claim the same the older claim holds it, on every node.',
        tags,
        body: anyBody,
        response: answers({ 201: HandleAnswerSchema }),
      },
    },
    async (request, reply) => {
      const read = actInBody(context, request, 'claim_handle')
      if (!read.ok) return answer(reply, read, () => undefined)
      const id = developerOfBody(read.value.body)
      if (!id.ok) return answer(reply, id, () => undefined)
      const written = await keyLimited(context, id.value, () =>
        context.registry.developerAct(id.value, read.value.act, requestContext(request)),
      )
      return answer(reply, written, (view) => ({ handle: view.handle, developer_id: view.id, message: 'claimed' }), 201)
    },
  )
}

const showRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.get<OneHandle>(
    '/v1/handles/:handle',
    { schema: { summary: 'Who holds a handle', tags, params, response: answers({ 200: HandleSchema }) } },
    async (request, reply) => {
      const { handle } = request.params
      return answer(reply, holderOf(context, handle), (holder) => handleJson(handle, holder))
    },
  )
  app.get<OneHandle>(
    '/v1/handles/:handle/available',
    {
      schema: {
        summary: 'Whether a handle can be claimed',
        tags,
        params,
        response: answers({ 200: HandleAvailableSchema }),
      },
    },
    async (request, reply) => {
      const { handle } = request.params
      const ready = readyOr503(context)
      if (!ready.ok) return answer(reply, ready, () => undefined)
      const reason = handleProblem(handle) ?? heldReason(context.registry.holderOfHandle(handle))
      return { handle, available: reason === undefined, ...(reason === undefined ? {} : { reason }) }
    },
  )
}

const heldReason = (holder: DeveloperView | undefined): string | undefined =>
  holder === undefined ? undefined : `it is held by ${holder.id}`

const releaseRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.delete<OneHandle>(
    '/v1/handles/:handle',
    {
      schema: {
        summary: 'Release a handle',
        description:
          'A native signed request with developer_id and handle, or Authorization: Bearer with a signature over "release:" and the handle. It falls to the next who claims it.',
        tags,
        params,
        response: answers({ 200: HandleAnswerSchema }),
      },
    },
    async (request, reply) => {
      const { handle } = request.params
      const read = actInHeader(context, request, { kind: 'release_handle', text: releaseText(handle) })
      if (!read.ok) return answer(reply, read, () => undefined)
      const { act, body } = read.value
      if (body.handle !== handle)
        return answer(reply, fail('validation_failed', 'the body releases another handle'), () => undefined)
      // Who lost a handle to an older claim may release it too, where the act says who that is.
      const id = act.form === 'native' ? developerOfBody(body) : idOf(holderOf(context, handle))
      if (!id.ok) return answer(reply, id, () => undefined)
      const written = await keyLimited(context, id.value, () =>
        context.registry.developerAct(id.value, act, requestContext(request)),
      )
      return answer(reply, written, () => ({ handle, developer_id: id.value, message: 'released' }))
    },
  )
}

const idOf = (view: Result<DeveloperView>) => (view.ok ? ok(view.value.id) : view)

const verifyRoute = (app: FastifyInstance, context: GatewayContext): void => {
  app.post<OneHandle>(
    '/v1/handles/:handle/verify',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Have a handle vouched for by more than its key',
        description:
          'Body {method, proof}, signed by the holder in Authorization: Bearer over its raw bytes. No method can be checked by every node, so none is offered yet: the answer is validation_failed.',
        tags,
        params,
        body: anyBody,
        response: answers({}),
      },
    },
    async (request, reply) => answer(reply, await verify(context, request), () => undefined),
  )
}

/** A node's own look at DNS or GitHub is no evidence for the others (I3), and a fake "verified" would be worse than none. */
const verify = async (context: GatewayContext, request: FastifyRequest<OneHandle>): Promise<Result<never>> => {
  const holder = holderOf(context, request.params.handle)
  if (!holder.ok) return holder
  const signature = signatureInHeader(context, request)
  if (!signature.ok) return signature
  const body = bodyText(request)
  const signed = await context.registry.isSignedBy(holder.value.id, utf8(body), signature.value)
  if (!signed.ok) return signed
  if (!signed.value)
    return fail('signature_invalid', `this is not signed by ${holder.value.id}, which holds the handle`)
  const method = parseJsonObject(body)?.method
  const known = method === 'dns' || method === 'github'
  return fail(
    'validation_failed',
    known
      ? `handles are not verified by ${method} here; that the developer's key holds it is proven already`
      : 'method is "dns" or "github"',
    { field: 'method' },
  )
}

const namesRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  for (const what of ['entities', 'agents']) {
    app.get<OneHandle>(
      `/v1/handles/:handle/${what}`,
      {
        schema: {
          summary: 'The names under a handle, in order',
          tags,
          params,
          querystring: Type.Object({
            limit: Type.Optional(Type.Integer({ maximum: LIST_LIMIT_MAX })),
            offset: Type.Optional(Type.Integer()),
          }),
          response: answers({ 200: Type.Array(BindingRef) }),
        },
      },
      async (request, reply) => {
        const page = parsePage(queryFields(request.query), { defaultLimit: LIST_LIMIT_MAX, maxLimit: LIST_LIMIT_MAX })
        if (!page.ok) return answer(reply, page, () => undefined)
        const { limit, offset } = page.value
        return answer(reply, holderOf(context, request.params.handle), (holder) =>
          context.registry
            .namesOf(holder.id)
            .slice(offset, offset + limit)
            .map(bindingJson),
        )
      },
    )
  }
}
