/**
 * The way in for sockets. What can be refused is refused over HTTP before the upgrade, with the same error shape as
 * everything else, so that a client sees a 404 and not a broken socket.
 *
 * In order: stopping → rate → address → known? allowed? ready? → sockets of the address → handshake.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type EntityId, ERRORS, type Failure, fail, ok, type Result } from '@rollcall/protocol'
import { type Server as SocketServer, WebSocketServer } from 'ws'
import { addressOf, limitKeyOf } from '../address.ts'
import type { FeedContext } from '../context.ts'
import { rateLimited } from '../http/errors.ts'
import { writeFailure } from '../http/raw-answer.ts'
import { requestIdOf } from '../request-id.ts'
import { idOfPath } from '../routes/answer.ts'
import { zyndRefused } from '../routes/authorization.ts'
import { readyOr503 } from '../routes/query.ts'
import { ActivitySocket } from './activity-socket.ts'
import { DocumentedSocket } from './documented-socket.ts'
import { GatewaySocket } from './gateway-socket.ts'
import { NativeSocket } from './native-socket.ts'
import { reinject } from './reinject.ts'
import type { Caller, SocketContext } from './server-socket.ts'
import { parseUpgradeRoute, type UpgradeRoute } from './upgrade-route.ts'
import { ZyndSocket } from './zynd-socket.ts'

/** How long the other side has to answer a close frame before the connection is cut, milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000

/** One upgrade on its way in. */
interface Knock {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly caller: Caller
  readonly route: UpgradeRoute | undefined
  readonly startedMs: number
}

export class UpgradeDoor {
  readonly #context: FeedContext & SocketContext
  readonly #server: Server
  readonly #websockets: SocketServer<typeof GatewaySocket>
  /** Upgrades that wait for the registry. */
  readonly #knocking = new Set<Duplex>()

  constructor(context: FeedContext & SocketContext, server: Server) {
    this.#context = context
    this.#server = server
    const options = {
      noServer: true,
      clientTracking: false,
      // With it a connection costs 254 KiB instead of 10.
      perMessageDeflate: false,
      maxPayload: context.settings.frameBytesMax,
      closeTimeout: CLOSE_TIMEOUT_MS,
      WebSocket: GatewaySocket,
    }
    this.#websockets = new WebSocketServer(options)
    this.#websockets.on('headers', (headers, request) => {
      headers.push(`X-Request-Id: ${String(request.headers['x-request-id'])}`)
    })
    this.#websockets.on('wsClientError', (error, socket, request) => this.#refuseHandshake(error, socket, request))
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      reinject(this.#server, request, socket, head)
      return
    }
    const { clock, random, settings } = this.#context
    const caller = { address: addressOf(request, settings.trustProxy), requestId: requestIdOf(request, random) }
    // From here on the header is the one id of this request, taken or made.
    request.headers['x-request-id'] = caller.requestId
    const onError = (error: Error): void => {
      this.#context.log.debug('an upgrade broke off', { requestId: caller.requestId, reason: error.message })
      socket.destroy()
    }
    socket.on('error', onError)
    const startedMs = clock.monotonicMs()
    const knock = { request, socket, head, caller, route: parseUpgradeRoute(request.url ?? ''), startedMs }
    this.#knocking.add(socket)
    void this.#answer(knock).finally(() => {
      this.#knocking.delete(socket)
      socket.removeListener('error', onError)
    })
  }

  /** Cuts off the upgrades that still wait. */
  cut(): void {
    for (const socket of this.#knocking) socket.destroy()
  }

  async #answer(knock: Knock): Promise<void> {
    try {
      const admitted = await this.#admit(knock)
      if (admitted.ok) this.#open(knock, admitted.value)
      else this.#refuse(knock, admitted)
    } catch (error) {
      this.#context.log.error('an upgrade failed', { requestId: knock.caller.requestId, error })
      this.#refuse(knock, fail('internal_error', 'the node failed; it logged why, with this request id'))
    }
  }

  /** Whether this upgrade may happen; with the id of the entity where the address names one. */
  async #admit({ caller, route }: Knock): Promise<Result<EntityId | undefined>> {
    const { limits, lookup, feeds, settings } = this.#context
    if (this.#context.isStopping()) return fail('node_not_ready', 'the node is stopping')
    const waitSeconds = limits.reads.take(limitKeyOf(caller.address))
    if (waitSeconds > 0) return this.#tooMany(rateLimited('too many requests from your address', waitSeconds))
    if (route === undefined) return fail('not_found', 'there is no socket at this address')
    if (route.kind === 'activity') {
      return feeds.hasRoom()
        ? ok(undefined)
        : this.#tooMany(rateLimited('this node feeds as many readers as it may', 30))
    }
    const isZynd = route.kind === 'zynd' || route.kind === 'documented'
    if (isZynd && !settings.zyndSignatures) return zyndRefused('a heartbeat of this form')
    if (route.kind !== 'zynd') return readyOr503(this.#context)
    const id = idOfPath(route.id)
    if (!id.ok) return id
    const found = await lookup.find(id.value, 'local')
    return found.ok ? id : found
  }

  #open(knock: Knock, id: EntityId | undefined): void {
    const { request, socket, head, caller, route } = knock
    const { table, isStopping } = this.#context
    if (isStopping()) return this.#refuse(knock, fail('node_not_ready', 'the node is stopping'))
    if (!table.hasRoomFor(caller.address)) {
      return this.#refuse(knock, this.#tooMany(rateLimited('too many sockets from your address', 30)))
    }
    this.#websockets.handleUpgrade(request, socket, head, (ws) => {
      this.#observe(knock, 101)
      if (route !== undefined) this.#speak(ws, caller, route, id)
    })
  }

  #speak(ws: GatewaySocket, caller: Caller, route: UpgradeRoute, id: EntityId | undefined): void {
    const context = this.#context
    if (route.kind === 'native') new NativeSocket(ws, caller, context)
    else if (route.kind === 'documented') new DocumentedSocket(ws, caller, context)
    else if (route.kind === 'activity') new ActivitySocket(ws, caller, context, context.feeds)
    else if (id !== undefined) new ZyndSocket(ws, caller, context, { id, isAnswered: route.query.get('ack') === '1' })
  }

  #refuse(knock: Knock, failure: Failure): void {
    const { socket, caller } = knock
    this.#observe(knock, ERRORS[failure.code].http)
    if (!socket.writable) socket.destroy()
    else writeFailure(socket, failure, { requestId: caller.requestId, nowMs: this.#context.clock.wallMs() })
  }

  /** A handshake that the library cannot accept: no key, another version, another method. */
  #refuseHandshake(error: Error, socket: Duplex, request: IncomingMessage): void {
    const answer = { requestId: String(request.headers['x-request-id']), nowMs: this.#context.clock.wallMs() }
    if (error.message.includes('Sec-WebSocket-Version')) {
      const headers = { 'Sec-WebSocket-Version': '13', Upgrade: 'websocket' }
      writeFailure(socket, fail('protocol_incompatible', error.message), { ...answer, headers })
    } else if (request.method !== 'GET') {
      const failure = fail('method_not_allowed', `${request.method} is not served here, GET is`)
      writeFailure(socket, failure, { ...answer, headers: { Allow: 'GET' } })
    } else writeFailure(socket, fail('malformed', error.message), answer)
  }

  #tooMany(failure: Failure): Failure {
    this.#context.metrics.count('dropped_total', { queue: 'sockets', reason: 'rate_limited' })
    return failure
  }

  #observe({ route, startedMs }: Knock, code: number): void {
    const { metrics, clock } = this.#context
    const labels = { route: route?.pattern ?? 'unknown', code: String(code) }
    metrics.observe('http_request_seconds', (clock.monotonicMs() - startedMs) / 1000, labels)
  }
}
