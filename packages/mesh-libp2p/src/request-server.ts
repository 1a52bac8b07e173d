import type { Connection, Stream } from '@libp2p/interface'
import type { LengthPrefixedStream } from '@libp2p/utils'
import type { Clock, Log, MeshHandlers, MeshProtocol, Metrics } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import { ANSWERED, framesOf, REFUSED, toError } from './framing.ts'
import { InboundStream } from './inbound-stream.ts'
import { RequestGate } from './request-gate.ts'
import { IDLE_TIMEOUT_MS, LINGER_MS, type MeshLimits, SERVE_TIMEOUT_MS } from './settings.ts'

export interface RequestServerInit {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: MeshLimits
  readonly onRequest: MeshHandlers['onRequest']
}

/**
 * Answers the requests of peers, a bounded number at a time. One deadline covers a request from its first byte to the end of
 * the answer.
 */
export class RequestServer {
  readonly #init: RequestServerInit
  readonly #gate: RequestGate
  readonly #streams = new Set<InboundStream>()

  constructor(init: RequestServerInit) {
    this.#init = init
    this.#gate = new RequestGate({
      runningMax: init.limits.inboundRequestsMax,
      runningPerPeerMax: init.limits.inboundRequestsPerPeerMax,
      waitingMax: init.limits.inboundWaitingMax,
    })
  }

  /** Serves one stream, until the peer closes it or leaves it idle. Never rejects. */
  async serve(protocol: MeshProtocol, stream: Stream, connection: Connection): Promise<void> {
    const { clock, log } = this.#init
    const inbound: InboundStream = new InboundStream({ stream, clock, onOver: () => this.#streams.delete(inbound) })
    this.#streams.add(inbound)
    const peer = parseNodeId(connection.remotePeer.toString())
    try {
      if (peer === undefined) throw new Error('only nodes are answered')
      let mayAsk = true
      while (mayAsk) {
        inbound.endAfter(IDLE_TIMEOUT_MS, 'nothing is asked here')
        mayAsk = (await inbound.isAsked()) && (await this.#serveNext(protocol, inbound, peer))
      }
      inbound.endAfter(LINGER_MS, 'the peer left its stream open')
      await stream.close({ signal: inbound.gone })
    } catch (thrown) {
      const error = toError(thrown)
      log.debug('a request was not served', { protocol, peer, error: error.message })
      stream.abort(error)
    } finally {
      inbound.done()
    }
  }

  /** Gives up whatever is being served. What handlers still work on is thrown away. */
  stop(): void {
    for (const inbound of [...this.#streams]) inbound.end(new Error('this mesh was stopped'))
  }

  /** Answers the question that begins on a stream. Resolves with whether another may follow. */
  async #serveNext(protocol: MeshProtocol, inbound: InboundStream, peer: NodeId): Promise<boolean> {
    inbound.endAfter(SERVE_TIMEOUT_MS, 'the time for this request is over')
    const entering = this.#gate.enter(peer, inbound.gone)
    this.#gauge()
    const leave = await entering
    try {
      inbound.stream.resume()
      const frames = framesOf(inbound.stream, this.#init.limits.requestBytesMax)
      const answer = leave === undefined ? this.#turnAway() : await this.#answer(protocol, frames, peer, inbound)
      await frames.writeV(answer, { signal: inbound.gone })
      frames.unwrap()
      // Where it was turned away, the question was not read.
      return leave !== undefined
    } finally {
      leave?.()
      this.#gauge()
    }
  }

  #turnAway(): Uint8Array[] {
    this.#init.metrics.count('dropped_total', { queue: 'mesh_requests_in', reason: 'full' })
    return [REFUSED]
  }

  /** The frames to answer with. Why the handler failed stays here. */
  async #answer(
    protocol: MeshProtocol,
    frames: LengthPrefixedStream,
    peer: NodeId,
    { gone, late }: InboundStream,
  ): Promise<Uint8Array[]> {
    const body = (await frames.read({ signal: gone })).subarray()
    try {
      // An asker who leaves does not free its place while the handler works: asking and leaving would have no bound.
      const answer = await before(late, this.#init.onRequest(protocol, body, peer))
      const { responseBytesMax } = this.#init.limits
      if (answer.byteLength <= responseBytesMax) return [ANSWERED, answer]
      throw new Error(`the answer has ${answer.byteLength} bytes, over ${responseBytesMax}`)
    } catch (error) {
      this.#init.log.warn('a request could not be answered', { protocol, peer, error: String(error) })
      return [REFUSED]
    }
  }

  #gauge(): void {
    this.#init.metrics.gauge('queue_length', this.#gate.waiting, { queue: 'mesh_requests_in' })
  }
}

/** The outcome of `work`, or the reason of `signal` where that aborts first. */
const before = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
