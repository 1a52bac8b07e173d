/** `POST /v1/network/peers`: has this node dial another one, for as long as it runs. For admins only. */
import { fail, parseJsonObject, type Result } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { textField } from '../parse-search.ts'
import { answers } from '../views/schemas.ts'
import { answer } from './answer.ts'
import { adminOnly } from './authorization.ts'

const ADDRESS_CHARS_MAX = 512

export const peersRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.post(
    '/v1/network/peers',
    {
      schema: {
        summary: 'Dial another node',
        description:
          'Needs an admin token as Authorization: Bearer. The address is a multiaddr that ends in /p2p/ and the id of the node. It is dialled until this node stops; mesh.join keeps it for longer.',
        tags: ['node'],
        body: Type.Object({ address: Type.String() }),
        response: answers({
          201: Type.Object({ node_id: Type.String(), address: Type.String(), message: Type.String() }),
        }),
      },
    },
    async (request, reply) =>
      answer(
        reply,
        addPeer(context, request),
        (peer) => ({ ...peer, message: 'the node is dialled from now on' }),
        201,
      ),
  )
}

const addPeer = (
  context: GatewayContext,
  request: FastifyRequest,
): Result<{ readonly node_id: string; readonly address: string }> => {
  const { addPeer: add, log } = context
  if (add === undefined) return fail('not_found', 'this node takes no peers from outside')
  const admin = adminOnly(context, request)
  if (!admin.ok) return admin
  const body = parseJsonObject(bodyText(request))
  if (body === undefined) return fail('malformed', 'the body is not a JSON object')
  const address = textField(body, ['address'], ADDRESS_CHARS_MAX)
  if (!address.ok) return address
  const added = add(address.value)
  if (!added.ok) return added
  log.info('a node is dialled, an admin asked for it', { requestId: request.id, address: address.value })
  return { ok: true, value: { node_id: added.value, address: address.value } }
}
