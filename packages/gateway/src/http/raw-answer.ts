/** An HTTP error written by hand, for sockets that are not, or no longer, in the hands of Node's HTTP server. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ERRORS, type Failure } from '@rollcall/protocol'
import { errorBody, retryAfterSeconds } from './errors.ts'

export interface RawAnswer {
  readonly requestId: string
  readonly nowMs: number
  /** Only where it differs from that of the failure's code. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Writes the failure and closes the connection. */
export const writeFailure = (socket: Duplex, failure: Failure, answer: RawAnswer): void => {
  const status = answer.status ?? ERRORS[failure.code].http
  const body = JSON.stringify(errorBody(failure, answer.requestId))
  const retryAfter = retryAfterSeconds(failure)
  const headers: Readonly<Record<string, string>> = {
    Date: new Date(answer.nowMs).toUTCString(),
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': answer.requestId,
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    ...answer.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}
