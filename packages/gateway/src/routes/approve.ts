/**
 * `POST /v1/admin/developers/approve`: a web page of the operator, which has judged a developer by its own rules, gets a
 * registered key for it, sealed for the program that waits (zynd-wire.md §4.4).
 */
import { fail, formatKey, LIMITS, ok, parseJsonObject, type Result } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { makeDeveloperKey, sealKey } from '../onboarding/developer-key.ts'
import { registerDeveloper } from '../onboarding/register-developer.ts'
import { parseState } from '../onboarding/request.ts'
import { textField } from '../parse-search.ts'
import { answers } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'
import { adminOnly } from './authorization.ts'

const ApprovedSchema = Type.Object({
  developer_id: Type.String(),
  public_key: Type.String(),
  private_key_enc: Type.String({ description: 'As GET /onboard hands it over.' }),
})

export const approveRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/admin/developers/approve',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Make and register the key of a developer',
        description:
          'Needs an admin token as Authorization: Bearer. The key is sealed under the state, and forgotten here.',
        tags: ['developers'],
        body: Type.Object({
          name: Type.Optional(Type.String()),
          state: Type.String({ minLength: 1, maxLength: 512 }),
          callback_port: Type.Optional(Type.Integer()),
          metadata: Type.Optional(Type.Unknown()),
        }),
        response: answers({ 201: ApprovedSchema }),
      },
    },
    async (request, reply) => answer(reply, await approve(context, request), (approved) => approved, 201),
  )
}

const approve = async (context: GatewayContext, request: FastifyRequest): Promise<Result<object>> => {
  const admin = adminOnly(context, request)
  if (!admin.ok) return admin
  const body = parseJsonObject(bodyText(request))
  if (body === undefined) return fail('malformed', 'the body is not a JSON object')
  const name = textField(body, ['name'], LIMITS.nameCharsMax)
  if (!name.ok) return name
  const state = parseState(body.state)
  if (!state.ok) return state
  const key = makeDeveloperKey(context.random)
  const registered = await registerDeveloper(context, { key, name: name.value, request: requestContext(request) })
  if (!registered.ok) return registered
  const private_key_enc = sealKey(key.seed, state.value, context.random)
  key.seed.fill(0)
  context.log.info('a developer was approved by an admin', { requestId: request.id, developerId: key.developerId })
  return ok({ developer_id: key.developerId, public_key: formatKey(key.signer.publicKey), private_key_enc })
}
