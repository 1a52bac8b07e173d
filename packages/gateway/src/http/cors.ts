/** Headers that every answer bears: who may read it from a browser page, and what a browser must not make of it. */
import type { FastifyReply, FastifyRequest } from 'fastify'

const EXPOSED = 'Age, Date, Retry-After, X-Card-Signature, X-Card-Stale, X-Request-Id'
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization, X-Request-Id, Last-Event-ID',
  'access-control-max-age': '600',
}

export const setCommonHeaders = (request: FastifyRequest, reply: FastifyReply, origins: readonly string[]): void => {
  reply.header('x-request-id', request.id)
  reply.header('x-content-type-options', 'nosniff')
  reply.header('referrer-policy', 'no-referrer')
  reply.header('cache-control', 'no-store')
  if (origins.includes('*')) reply.header('access-control-allow-origin', '*')
  else {
    const { origin } = request.headers
    reply.header('vary', 'Origin')
    if (origin === undefined || !origins.includes(origin)) return
    reply.header('access-control-allow-origin', origin)
  }
  reply.header('access-control-expose-headers', EXPOSED)
}

/** Answers a preflight request (zynd-wire.md §10: OPTIONS is 204). */
export const answerPreflight = (reply: FastifyReply): FastifyReply => reply.headers(PREFLIGHT).code(204).send()
