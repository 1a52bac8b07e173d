/**
 * `POST /v1/admin/developers/approve`: what the backend of Zynd's dashboard calls when it has let a person in (zynd-wire.md
 * §4.4). This node makes their key, registers its developer under their name, hands the key over sealed under the state
 * of the login that waits for it, and forgets it.
 */
import type { DeveloperView } from '@rollcall/core'
import {
  base16,
  fail,
  formatKey,
  formatSignature,
  LIMITS,
  nativeActBytes,
  nativePayload,
  parseDeveloperId,
  parseJsonObject,
  parseSignedRequest,
  type Result,
} from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { type DeveloperKey, makeDeveloperKey, sealKey } from '../onboarding/developer-key.ts'
import { checkedState } from '../onboarding/request.ts'
import { textField } from '../parse-search.ts'
import { answers } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'
import { adminOnly } from './authorization.ts'

interface Approved {
  readonly developer_id: string
  readonly private_key_enc: string
  readonly public_key: string
}

const NONCE_BYTES = 16

export const approveRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/admin/developers/approve',
    {
      config: { limit: 'write' },
      schema: {
        summary: 'Make and register a developer for a login that waits',
        description:
          'Needs an admin token as Authorization: Bearer. private_key_enc is sealed under the state, as at /onboard. callback_port and metadata are taken and not used.',
        tags: ['developers'],
        body: Type.Object({ name: Type.String(), state: Type.String() }, { additionalProperties: true }),
        response: answers({
          201: Type.Object({
            developer_id: Type.String(),
            private_key_enc: Type.String(),
            public_key: Type.String(),
          }),
        }),
      },
    },
    async (request, reply) => answer(reply, await approve(context, request), (approved) => approved, 201),
  )
}

const approve = async (context: GatewayContext, request: FastifyRequest): Promise<Result<Approved>> => {
  const admin = adminOnly(context, request)
  if (!admin.ok) return admin
  const body = parseJsonObject(bodyText(request))
  if (body === undefined) return fail('malformed', 'the body is not a JSON object')
  const name = textField(body, ['name'], LIMITS.nameCharsMax)
  if (!name.ok) return name
  const state = checkedState(body.state)
  if (!state.ok) return state
  const key = makeDeveloperKey(context.random)
  const registered = await register(context, request, key, name.value)
  if (!registered.ok) return registered
  const sealed = sealKey(key.seed, state.value, context.random)
  key.seed.fill(0)
  const { developerId } = key
  context.log.info('an admin had a developer made', { requestId: request.id, developerId })
  const value = { developer_id: developerId, private_key_enc: sealed, public_key: formatKey(key.signer.publicKey) }
  return { ok: true, value }
}

/** The developer's own act, signed by the key that this node holds for this one moment. */
const register = async (
  { registry, clock, random }: GatewayContext,
  request: FastifyRequest,
  { signer, developerId }: DeveloperKey,
  name: string,
): Promise<Result<DeveloperView>> => {
  const id = parseDeveloperId(developerId)
  if (id === undefined) throw new Error(`${developerId} is not the id of a developer`)
  const payload = nativePayload({
    body: { name, public_key: formatKey(signer.publicKey) },
    issuedAtMs: clock.wallMs(),
    nonce: base16(random.bytes(NONCE_BYTES)),
  })
  const signature = formatSignature(signer.sign(nativeActBytes('register_developer', payload)))
  const act = parseSignedRequest('register_developer', JSON.stringify({ payload, signature, by: 'developer' }))
  return act.ok ? registry.developerAct(id, act.value, requestContext(request)) : act
}
