/** Failures as HTTP answers. The one shape of every error, whoever found it: a route, Fastify, or Node's parser. */
import { ERRORS, type ErrorCode, type Failure, fail } from '@rollcall/protocol'
import type { FastifyError, FastifyReply } from 'fastify'

export interface ErrorBody {
  readonly error: ErrorCode
  readonly message: string
  readonly request_id: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** A failure on its way through code that can only throw. */
export class Refusal extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'Refusal'
    this.failure = failure
  }
}

export const errorBody = (failure: Failure, requestId: string): ErrorBody => ({
  error: failure.code,
  message: failure.message,
  request_id: requestId,
  ...(failure.details === undefined ? {} : { details: failure.details }),
})

/** Answers with a failure. */
export const refuse = (reply: FastifyReply, failure: Failure): FastifyReply => {
  const retryAfter = retryAfterSeconds(failure)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(ERRORS[failure.code].http).send(errorBody(failure, reply.request.id))
}

/** How long a client should wait before it asks again, seconds; undefined where asking again is no use. */
export const retryAfterSeconds = (failure: Failure): number | undefined => {
  const said = failure.details?.retry_after_seconds
  if (typeof said === 'number') return said
  return ERRORS[failure.code].http === 503 ? 5 : undefined
}

export const rateLimited = (what: string, waitSeconds: number): Failure =>
  fail('rate_limited', `${what}, wait ${waitSeconds} s`, { retry_after_seconds: waitSeconds })

/** What an error thrown while answering means to the caller; undefined where it is a fault of ours. */
export const failureOf = (error: unknown): Failure | undefined => {
  if (error instanceof Refusal) return error.failure
  if (!isFastifyError(error)) return undefined
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return fail('payload_too_large', 'the body is larger than its cap')
  const status = error.statusCode
  if (status === undefined || status < 400 || status >= 500) return undefined
  return fail('malformed', error.message)
}

const isFastifyError = (error: unknown): error is FastifyError => error instanceof Error && 'statusCode' in error
