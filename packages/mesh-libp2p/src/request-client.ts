import type { Connection, Stream } from '@libp2p/interface'
import { type Clock, MeshError, type MeshProtocol, type Metrics, type RequestOptions } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import { ANSWERED, framesOf, isTooLarge, toError } from './framing.ts'
import { IdleStreams } from './idle-streams.ts'
import { RequestGate } from './request-gate.ts'
import { type MeshLimits, STREAMS_PER_PROTOCOL_MAX } from './settings.ts'

export interface RequestClientInit {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly limits: MeshLimits
  /** The connection to use for a peer, or undefined where none is open. */
  connectionTo(peer: NodeId): Connection | undefined
}

/**
 * Asks peers, one request at a time on a stream. Never dials: that is the dialer's work, and a peer it cannot reach is
 * unreachable here at once.
 */
export class RequestClient {
  readonly #init: RequestClientInit
  readonly #gate: RequestGate
  readonly #idle: IdleStreams
  readonly #underWay = new Set<AbortController>()
  #stopped = false

  constructor(init: RequestClientInit) {
    this.#init = init
    this.#idle = new IdleStreams(init.clock)
    this.#gate = new RequestGate({
      runningMax: init.limits.outboundRequestsMax,
      runningPerPeerMax: init.limits.outboundRequestsPerPeerMax,
      waitingMax: init.limits.outboundWaitingMax,
    })
  }

  /** Source of the errors: `Mesh.request`. The time spent waiting for a place counts. */
  async request(peer: NodeId, protocol: MeshProtocol, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (this.#stopped) throw stoppedError()
    const { requestBytesMax } = this.#init.limits
    if (body.byteLength > requestBytesMax) {
      throw new MeshError('too_large', `a request of ${body.byteLength} bytes is over ${requestBytesMax}`)
    }
    const abort = new AbortController()
    this.#underWay.add(abort)
    const cancelTimeout = this.#init.clock.schedule(options.timeoutMs, () =>
      abort.abort(new MeshError('timeout', `${peer} did not answer within ${options.timeoutMs} ms`)),
    )
    try {
      return await this.#throughGate(peer, protocol, body, options, abort.signal)
    } finally {
      cancelTimeout()
      this.#underWay.delete(abort)
    }
  }

  /** Fails what is under way with `stopped`, and everything after it. */
  stop(): void {
    this.#stopped = true
    for (const abort of this.#underWay) abort.abort(stoppedError())
    this.#idle.stop()
  }

  async #throughGate(
    peer: NodeId,
    protocol: MeshProtocol,
    body: Uint8Array,
    options: RequestOptions,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const entering = this.#gate.enter(peer, signal)
    this.#gauge()
    const leave = await entering
    if (leave === undefined) {
      this.#init.metrics.count('dropped_total', { queue: 'mesh_requests_out', reason: 'full' })
      throw new MeshError('refused', 'too many requests of this node are waiting')
    }
    try {
      const connection = this.#init.connectionTo(peer)
      if (connection === undefined) throw new MeshError('unreachable', `no connection to ${peer}`)
      return await this.#ask(connection, protocol, body, options, signal)
    } finally {
      leave()
      this.#gauge()
    }
  }

  async #ask(
    connection: Connection,
    protocol: MeshProtocol,
    body: Uint8Array,
    options: RequestOptions,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const maxBytes = Math.min(options.maxResponseBytes, this.#init.limits.responseBytesMax)
    let stream: Stream | undefined
    try {
      stream = this.#idle.take(connection, protocol) ?? (await openStream(connection, protocol, signal))
      const frames = framesOf(stream, maxBytes)
      await frames.write(body, { signal })
      const outcome = (await frames.read({ signal })).subarray()
      if (outcome[0] !== ANSWERED[0]) throw new MeshError('refused', `${connection.remotePeer} refused ${protocol}`)
      const answer = (await frames.read({ signal })).subarray()
      // Frames are capped, but at no less than the one byte of the outcome.
      if (answer.byteLength > maxBytes) throw tooLargeError(connection, maxBytes)
      frames.unwrap()
      this.#idle.keep(connection, protocol, stream)
      return answer
    } catch (thrown) {
      const error = this.#explain(thrown, connection, maxBytes, signal)
      stream?.abort(error)
      throw error
    }
  }

  #explain(thrown: unknown, connection: Connection, maxBytes: number, signal: AbortSignal): MeshError {
    if (thrown instanceof MeshError) return thrown
    if (signal.reason instanceof MeshError) return signal.reason
    const peer = connection.remotePeer
    const cause = toError(thrown)
    if (isTooLarge(thrown)) return tooLargeError(connection, maxBytes)
    if (connection.status !== 'open') return new MeshError('unreachable', `the connection to ${peer} broke`, { cause })
    return new MeshError('refused', `${peer} did not answer: ${cause.message}`, { cause })
  }

  #gauge(): void {
    this.#init.metrics.gauge('queue_length', this.#gate.waiting, { queue: 'mesh_requests_out' })
  }
}

const openStream = (connection: Connection, protocol: MeshProtocol, signal: AbortSignal): Promise<Stream> =>
  connection.newStream(protocol, { signal, maxOutboundStreams: STREAMS_PER_PROTOCOL_MAX })

const stoppedError = (): MeshError => new MeshError('stopped', 'this mesh was stopped')

const tooLargeError = ({ remotePeer }: Connection, maxBytes: number): MeshError =>
  new MeshError('too_large', `${remotePeer} answered more than ${maxBytes} bytes`)
