/**
 * The Fastify application: what holds for every request before and after its route.
 *
 * A request passes: request id → common headers → preflight → stopping? → rate limit → body → route → metric. JSON schemas
 * describe the routes for OpenAPI and are not used to validate: the routes read fields themselves, with our error codes.
 */
import { type Failure, fail } from '@rollcall/protocol'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { addressOf, limitKeyOf } from '../address.ts'
import type { GatewayContext } from '../context.ts'
import { requestIdOf } from '../request-id.ts'
import { takeRawBodies } from './body.ts'
import { answerClientError } from './client-errors.ts'
import { answerPreflight, setCommonHeaders } from './cors.ts'
import { failureOf, rateLimited, refuse } from './errors.ts'
import { answerUnknownRoutes } from './not-found.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Network address of the caller. */
    callerAddress: string
    /** Monotonic time of arrival, milliseconds. */
    arrivedMs: number
  }
  interface FastifyContextConfig {
    /** Which limit the route counts under; by its method where it does not say. */
    limit?: 'none' | 'write'
    /** An answer that goes on for as long as the client listens: its time says nothing. */
    endless?: boolean
    /** The query holds a secret, and stays out of the log. */
    secretQuery?: boolean
  }
}

export const makeApp = (context: GatewayContext): FastifyInstance => {
  const { settings, log } = context
  const app = Fastify({
    logger: false,
    genReqId: (request) => requestIdOf(request, context.random),
    bodyLimit: settings.bodyBytesMax,
    requestTimeout: settings.requestTimeoutMs,
    return503OnClosing: false,
    routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, maxParamLength: 512 },
    clientErrorHandler: answerClientError(context),
    // Reached without hooks, for URLs that no router can read.
    frameworkErrors: (error, request, reply) => {
      setCommonHeaders(request, reply, settings.corsOrigins)
      refuse(reply, fail('malformed', error.message.slice(0, 300)))
    },
  })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.decorateRequest('callerAddress', '')
  app.decorateRequest('arrivedMs', 0)
  answerUnknownRoutes(app)

  app.addHook('onRequest', async (request, reply) => {
    request.arrivedMs = context.clock.monotonicMs()
    request.callerAddress = addressOf(request.raw, settings.trustProxy)
    setCommonHeaders(request, reply, settings.corsOrigins)
    if (request.method === 'OPTIONS') return answerPreflight(reply)
    const refused = refusal(context, request)
    return refused === undefined ? undefined : refuse(reply, refused)
  })
  takeRawBodies(app)
  app.setErrorHandler((error, request, reply) => {
    const failure = failureOf(error)
    if (failure !== undefined) return refuse(reply, failure)
    log.error('a request failed', { requestId: request.id, method: request.method, path: loggedPath(request), error })
    return refuse(reply, fail('internal_error', 'the node failed; it logged why, with this request id'))
  })
  app.addHook('onResponse', async (request, reply) => observe(context, request, reply))
  return app
}

/** Why a request is not let through to its route, if it is not. */
const refusal = (context: GatewayContext, request: FastifyRequest): Failure | undefined => {
  if (request.routeOptions.config.limit === 'none') return undefined
  if (context.isStopping()) return fail('node_not_ready', 'the node is stopping; the request will not run')
  const isWrite = request.method === 'PUT' || request.method === 'DELETE' || isWritingPost(request)
  const buckets = isWrite ? context.limits.writes : context.limits.reads
  const waitSeconds = buckets.take(limitKeyOf(request.callerAddress))
  if (waitSeconds === 0) return undefined
  context.metrics.count('dropped_total', { queue: 'http', reason: isWrite ? 'writes' : 'reads' })
  return rateLimited(`too many ${isWrite ? 'writes' : 'reads'} from your address`, waitSeconds)
}

const loggedPath = ({ url, routeOptions }: FastifyRequest): string =>
  routeOptions.config?.secretQuery === true ? (url.split('?')[0] ?? '') : url

/** Most of what is posted is a search: a route whose POST writes says so. */
const isWritingPost = (request: FastifyRequest): boolean => request.routeOptions.config.limit === 'write'

const observe = (context: GatewayContext, request: FastifyRequest, reply: FastifyReply): void => {
  const { url = 'unknown', config } = request.routeOptions
  const seconds = (context.clock.monotonicMs() - request.arrivedMs) / 1000
  if (config?.endless !== true) {
    context.metrics.observe('http_request_seconds', seconds, { route: url, code: String(reply.statusCode) })
  }
  context.log.debug('a request was answered', {
    requestId: request.id,
    method: request.method,
    path: loggedPath(request),
    address: request.callerAddress,
    code: reply.statusCode,
    seconds,
  })
}
