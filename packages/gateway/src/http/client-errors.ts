/** Answers what Node could not parse as HTTP at all, in the shape of every other error. */
import type { Duplex } from 'node:stream'
import { fail } from '@rollcall/protocol'
import type { GatewayContext } from '../context.ts'
import { makeRequestId } from '../request-id.ts'
import { writeFailure } from './raw-answer.ts'

const STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

export const answerClientError =
  (context: GatewayContext) =>
  (error: Error & { readonly code?: string }, socket: Duplex): void => {
    // A reset connection has nobody left to answer to.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const requestId = makeRequestId(context.random)
    context.log.debug('an unreadable request was refused', { requestId, reason: error.message })
    const status = STATUS[error.code ?? ''] ?? 400
    const failure =
      status === 431
        ? fail('payload_too_large', 'the headers are larger than their cap')
        : status === 408
          ? fail('timeout', 'the request did not arrive in time')
          : fail('malformed', 'the request is not HTTP')
    writeFailure(socket, failure, { requestId, nowMs: context.clock.wallMs(), status })
  }
