/**
 * `GET /v1/entities/{id}/card`: what the agent says of itself, word for word.
 *
 * What vouches for it stands in the headers: `X-Card-Signature` is `verified` or `unsigned` (a card whose signature does
 * not hold is not served at all), `Age` its age in seconds, and `X-Card-Stale: true` says that it is older than it should be
 * because the agent could not be reached.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { answers } from '../views/schemas.ts'
import { answer, idOfPath } from './answer.ts'

const CardSchema = Type.Object({}, { additionalProperties: true, description: 'An A2A agent card.' })

export const cardRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  app.get<{ Params: { readonly id: string } }>(
    '/v1/entities/:id/card',
    {
      schema: {
        summary: 'The card of an entity, as its agent serves it',
        description:
          'Fetched from the agent and kept for an hour. X-Card-Signature is verified or unsigned; Age is in seconds; X-Card-Stale: true where the agent could not be reached and the card is old. A card whose signature does not hold is answered with card_invalid.',
        tags: ['entities'],
        params: Type.Object({ id: Type.String({ description: 'Colons literal or percent-encoded.' }) }),
        response: answers({ 200: CardSchema }),
      },
    },
    async (request, reply) => {
      const id = idOfPath(request.params.id)
      if (!id.ok) return answer(reply, id, () => undefined)
      const entity = await context.lookup.find(id.value, 'local')
      if (!entity.ok) return answer(reply, entity, () => undefined)
      const found = await context.cards.get(entity.value)
      if (!found.ok) return answer(reply, found, () => undefined)
      const { text, signature, ageSeconds, isStale } = found.value
      reply.header('age', ageSeconds).header('x-card-signature', signature)
      if (isStale) reply.header('x-card-stale', 'true')
      return reply.type('application/json; charset=utf-8').send(text)
    },
  )
}
