/**
 * Request bodies as text, whatever their Content-Type: signatures cover the raw bytes, and the documented curl examples
 * send JSON as a form (zynd-wire.md §3, §4). Strict UTF-8, so that text and bytes say the same.
 */
import { fail, fromUtf8 } from '@rollcall/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from './errors.ts'

export const takeRawBodies = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    const text = typeof body === 'string' ? body : fromUtf8(body)
    if (text === undefined) done(new Refusal(fail('malformed', 'the body is not UTF-8 text')))
    else done(null, text)
  })
  app.addHook('onRequest', async (request) => {
    // Fastify would refuse a Content-Type it cannot parse before any parser of ours is asked.
    const { headers } = request.raw
    if (headers['content-type'] !== undefined) headers['content-type'] = 'application/json'
  })
  app.addHook('onSend', async (_request, reply, payload) => {
    // Fastify closes the connection after a refused body. Closing with bytes unread resets the connection, and the client
    // would see the reset instead of the answer; left open, Node reads the rest away within `requestTimeoutMs`.
    if (reply.statusCode === 413) reply.removeHeader('connection')
    return payload
  })
}

/** The body as it was received; empty where there was none. */
export const bodyText = (request: FastifyRequest): string => (typeof request.body === 'string' ? request.body : '')
