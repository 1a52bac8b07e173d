/** Does the way to the node carry WebSockets? Where it does not, which header got lost, and how proxies pass it on. */
import type { IncomingMessage } from 'node:http'
import { isJsonObject, parseJsonObject } from '@rollcall/protocol'
import { WebSocket } from 'ws'
import { EXIT } from '../failure.ts'
import { type Finding, failed, found } from './ladder.ts'
import { Session } from './session.ts'

const TIMEOUT_MS = 8_000
const BODY_BYTES_MAX = 64 * 1024

const PROXY_REMEDY =
  'Have the proxy pass it on. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; ' +
  'proxy_set_header Connection "upgrade"; Caddy and Traefik do so by themselves.'

export interface UpgradeCheck {
  readonly finding: Finding
  readonly session: Session | undefined
}

export const checkUpgrade = (registry: string): Promise<UpgradeCheck> => {
  const url = `${registry.replace(/^http/i, 'ws')}/v1/session`
  const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: TIMEOUT_MS, maxPayload: 64 * 1024 })
  // It listens from now on: the node's first frame may come with the end of the handshake.
  const session = new Session(socket)
  return new Promise((resolve) => {
    const refused = (finding: Finding): void => resolve({ finding, session: undefined })
    socket.once('open', () => resolve({ finding: found(`${url} opens`), session }))
    socket.on('error', (error) => refused(ofError(error)))
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      bodyOf(response).then(
        (body) => refused(ofAnswer(response.statusCode ?? 0, body)),
        (error: Error) => refused(ofError(error)),
      )
    })
  })
}

/** The node answered with a page instead of a socket, or something before it did. */
const ofAnswer = (status: number, body: string): Finding => {
  const answer = parseJsonObject(body)
  const message = typeof answer?.message === 'string' ? answer.message : `it answers ${status}`
  const header = missingHeader(status, message, answer?.details)
  if (header !== undefined) {
    return failed(`the upgrade did not reach the node: the header ${header} is missing`, PROXY_REMEDY, EXIT.unreachable)
  }
  if (status === 503)
    return failed(`no socket: ${message}`, 'Wait until the node serves, or use another.', EXIT.unreachable)
  if (status === 429) return failed(`no socket: ${message}`, 'Wait, or raise limits.sockets_per_address.', EXIT.refused)
  const remedy = 'A proxy in between answers in the place of the node: check that it routes /v1/session to it.'
  return failed(`no socket at /v1/session: ${message} (HTTP ${status})`, remedy, EXIT.unreachable)
}

/** Name of the header that got lost: the node says so, or its complaint names one. */
const missingHeader = (status: number, message: string, details: unknown): string | undefined => {
  const missing = isJsonObject(details as never)
    ? (details as { missing_headers?: unknown }).missing_headers
    : undefined
  if (Array.isArray(missing) && missing.every((name) => typeof name === 'string')) return missing.join(', ')
  const named = /\bSec-WebSocket-\w+/i.exec(message)?.[0]
  return named ?? (status === 426 ? 'Upgrade' : undefined)
}

/** The library names the header of the answer that it misses, as `Invalid Sec-WebSocket-Accept header`. */
const ofError = (error: Error): Finding => {
  const header = /Invalid (\S+) header/.exec(error.message)?.[1]
  if (header === undefined) {
    const remedy = 'Something in between cuts upgrades off: check proxies and firewalls for WebSocket support.'
    return failed(`no socket: ${error.message}`, remedy, EXIT.unreachable)
  }
  return failed(`the answer to the upgrade lost its header ${header}`, PROXY_REMEDY, EXIT.unreachable)
}

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > BODY_BYTES_MAX) break
  }
  return text
}
