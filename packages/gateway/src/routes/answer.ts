import type { RequestContext } from '@rollcall/core'
import { type EntityId, fail, parseEntityId, type Result } from '@rollcall/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../http/errors.ts'

/** Answers with what `show` makes of a success, or with the failure. */
export const answer = <T>(
  reply: FastifyReply,
  result: Result<T>,
  show: (value: T) => unknown,
  status = 200,
): FastifyReply => (result.ok ? reply.code(status).send(show(result.value)) : refuse(reply, result))

export const requestContext = (request: FastifyRequest): RequestContext => ({
  requestId: request.id,
  address: request.callerAddress,
})

/** The entity id of the path. What is not an id is no entity: clients take a 404 for "not registered". */
export const idOfPath = (text: string): Result<EntityId> => {
  const id = parseEntityId(text)
  if (id === undefined) return fail('entity_not_found', `${text.slice(0, 80)} is not the id of an entity`)
  return { ok: true, value: id }
}
