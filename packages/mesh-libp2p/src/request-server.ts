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

/** The times at which one stream has nothing more to hope for. */
interface Deadline {
  /** Aborts when the stream is closed, whoever closed it. */
  readonly gone: AbortSignal
  /** Aborts when the time for the request is over. */
  readonly late: AbortSignal
  /** To be called when the request is dealt with. */
  served(): void
}

/** Answers the requests of peers, a bounded number at a time. One deadline covers a request from start to end. */
export class RequestServer {
  readonly #init: RequestServerInit
  readonly #gate: RequestGate
  /** What ends each request that is being served before its time. */
  readonly #ends = new Set<(error: Error) => void>()

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
    const deadline = this.#deadlineFor(stream)
    const peer = parseNodeId(connection.remotePeer.toString())
    try {
      if (peer === undefined) throw new Error('only nodes are answered')
      await this.#admit(protocol, stream, peer, deadline)
    } catch (thrown) {
      const error = toError(thrown)
      this.#init.log.debug('a request was not served', { protocol, peer, error: error.message })
      stream.abort(error)
    } finally {
      deadline.served()
    }
  }

  /** Gives up whatever is being served. What handlers still work on is thrown away. */
  stop(): void {
    for (const end of [...this.#ends]) end(new Error('this mesh was stopped'))
  }

  #deadlineFor(stream: Stream): Deadline {
    const gone = new AbortController()
    const late = new AbortController()
    let isServed = false
    const forgetIfDone = () => {
      if (isServed && stream.status !== 'open') forget()
    }
    const end = (error: Error) => {
      forget()
      late.abort(error)
      // Also once it is served: a peer that never closes its side must not keep the stream.
      stream.abort(error)
    }
    const cancel = this.#init.clock.schedule(SERVE_TIMEOUT_MS, () =>
      end(new Error('the time for this request is over')),
    )
    const forget = () => {
      cancel()
      this.#ends.delete(end)
    }
    this.#ends.add(end)
    stream.addEventListener('close', ({ error }) => {
      gone.abort(error ?? new Error('the peer closed the stream'))
      forgetIfDone()
    })
    const served = () => {
      isServed = true
      forgetIfDone()
    }
    return { gone: gone.signal, late: late.signal, served }
  }

  async #admit(protocol: MeshProtocol, stream: Stream, peer: NodeId, deadline: Deadline): Promise<void> {
    // A waiting request must not be read: paused, its sender stops after the first window of 256 KiB. Nothing reads the
    // stream yet, so the loss that pause causes within `for await` cannot happen.
    const mustWait = !this.#gate.isFree(peer)
    if (mustWait) stream.pause()
    const entering = this.#gate.enter(peer, deadline.gone)
    this.#gauge()
    const leave = await entering
    try {
      if (mustWait) stream.resume()
      const frames = framesOf(stream, this.#init.limits.requestBytesMax)
      const answer = leave === undefined ? this.#turnAway() : await this.#answer(protocol, frames, peer, deadline)
      await frames.writeV(answer, { signal: deadline.gone })
      await stream.close({ signal: deadline.gone })
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
    deadline: Deadline,
  ): Promise<Uint8Array[]> {
    const body = (await frames.read({ signal: deadline.gone })).subarray()
    try {
      // An asker who leaves does not free its place while the handler works: asking and leaving would have no bound.
      const answer = await before(deadline.late, this.#init.onRequest(protocol, body, peer))
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
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
