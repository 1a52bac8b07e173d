import type { Connection, Stream } from '@libp2p/interface'
import type { LengthPrefixedStream } from '@libp2p/utils'
import type { Clock, Log, MeshHandlers, MeshProtocol, Metrics } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import { ANSWERED, framesOf, REFUSED, toError } from './framing.ts'
import { RequestGate } from './request-gate.ts'
import { type MeshLimits, SERVE_TIMEOUT_MS } from './settings.ts'

export interface RequestServerInit {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: MeshLimits
  readonly onRequest: MeshHandlers['onRequest']
}

/** Answers the requests of peers, a bounded number at a time. One deadline covers a request from start to end. */
export class RequestServer {
  readonly #init: RequestServerInit
  readonly #gate: RequestGate

  constructor(init: RequestServerInit) {
    this.#init = init
    this.#gate = new RequestGate({
      runningMax: init.limits.inboundRequestsMax,
      runningPerPeerMax: init.limits.inboundRequestsPerPeerMax,
      waitingMax: init.limits.inboundWaitingMax,
    })
  }

  /** Serves one stream. Never rejects. */
  async serve(protocol: MeshProtocol, stream: Stream, connection: Connection): Promise<void> {
    const abort = new AbortController()
    const cancelDeadline = this.#init.clock.schedule(SERVE_TIMEOUT_MS, () => {
      abort.abort(new Error('the time for this request is over'))
      // Also where nothing awaits the signal any more: a peer that never closes its side must not keep the stream.
      stream.abort(new Error('the time for this request is over'))
    })
    stream.addEventListener('close', (event) => {
      cancelDeadline()
      abort.abort(event.error ?? new Error('the peer closed the stream'))
    })
    const peer = parseNodeId(connection.remotePeer.toString())
    try {
      if (peer === undefined) throw new Error('only nodes are answered')
      await this.#admit(protocol, stream, peer, abort.signal)
    } catch (thrown) {
      const error = toError(thrown)
      this.#init.log.debug('a request was not served', { protocol, peer, error: error.message })
      stream.abort(error)
    }
  }

  async #admit(protocol: MeshProtocol, stream: Stream, peer: NodeId, signal: AbortSignal): Promise<void> {
    // A waiting request must not be read: paused, its sender stops after the first window of 256 KiB. Nothing reads the
    // stream yet, so the loss that pause causes within `for await` cannot happen.
    const mustWait = !this.#gate.isFree(peer)
    if (mustWait) stream.pause()
    const entering = this.#gate.enter(peer, signal)
    this.#gauge()
    const leave = await entering
    try {
      if (mustWait) stream.resume()
      const frames = framesOf(stream, this.#init.limits.requestBytesMax)
      const answer = leave === undefined ? this.#turnAway() : await this.#answer(protocol, frames, peer, signal)
      await frames.writeV(answer, { signal })
      await stream.close({ signal })
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
    signal: AbortSignal,
  ): Promise<Uint8Array[]> {
    const body = (await frames.read({ signal })).subarray()
    try {
      const answer = await this.#init.onRequest(protocol, body, peer)
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
