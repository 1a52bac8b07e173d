/**
 * What every socket of this node has, whatever it speaks: a place in the table, a limit on frames in and bytes out, a
 * measure of silence, and one way to close.
 */
import type { Clock, Log, Metrics, Random, Registry } from '@rollcall/core'
import { CLOSE_CODES, type CloseReason } from '@rollcall/protocol'
import type { RawData } from 'ws'
import type { ActivityBus } from '../activity/activity-bus.ts'
import type { Lookup } from '../lookup.ts'
import type { GatewaySettings } from '../settings.ts'
import type { GatewaySocket } from './gateway-socket.ts'
import type { SocketKind, SocketTable } from './socket-table.ts'
import { PINGS_MAX, type Sweeper, type SweepLimits } from './sweeper.ts'

export interface SocketContext {
  readonly registry: Registry
  readonly activity: ActivityBus
  readonly lookup: Lookup
  readonly settings: GatewaySettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly table: SocketTable
  readonly sweeper: Sweeper
}

/** Who is at the other end. */
export interface Caller {
  readonly address: string
  readonly requestId: string
}

export abstract class ServerSocket {
  readonly kind: SocketKind
  readonly address: string
  readonly requestId: string
  protected readonly context: SocketContext
  readonly #ws: GatewaySocket
  #isOpen = true
  #heardAt: number
  #pings = 0
  #tokens: number
  #refilledMs: number
  /** Frames over the limit since the bucket was last full. */
  #overLimit = 0

  constructor(kind: SocketKind, ws: GatewaySocket, caller: Caller, context: SocketContext) {
    this.kind = kind
    this.address = caller.address
    this.requestId = caller.requestId
    this.context = context
    this.#ws = ws
    this.#heardAt = context.sweeper.sweeps
    this.#tokens = context.settings.framesBurst
    this.#refilledMs = context.clock.monotonicMs()
    context.table.add(this)
    ws.onClosing = (reason) => this.#closing(reason)
    ws.on('message', (data, isBinary) => this.#onFrame(data, isBinary))
    ws.on('ping', () => this.#heard())
    ws.on('pong', () => this.#heard())
    ws.on('error', (error) =>
      context.log.debug('a socket failed', { requestId: this.requestId, reason: error.message }),
    )
    ws.on('close', () => this.#closed())
  }

  /** Whether frames are still taken: false from the first sign of a close, by either side. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Closes with the code of this reason. Does nothing where a close has begun. */
  end(reason: CloseReason): void {
    this.#ws.closeAs(reason)
  }

  /** Cuts the connection without a word, for a client that does not answer the closing handshake. */
  cut(): void {
    this.#ws.terminate()
  }

  /** Called on every sweep. */
  onSweep(sweep: number, limits: SweepLimits): void {
    if (!this.#isOpen) return
    const silence = sweep - this.#heardAt
    if (silence >= limits.idle) this.end('idle')
    else if (silence >= limits.ping * (this.#pings + 1)) this.#pingOrGiveUp()
  }

  /** Judges one text frame. May throw: the socket survives it. */
  protected abstract onText(text: string): void
  /** A frame over the limit was dropped. */
  protected abstract onOverLimit(): void
  /** A frame that is no text was dropped. */
  protected abstract onBinary(): void
  /** The judgement of a frame failed, through a fault of this node. */
  protected abstract onFault(error: unknown): void
  /** The socket takes no more frames. Called once. */
  protected abstract onEnd(): void

  /** Sends one frame; nothing where the socket is closing. Ends the socket of a client that does not read. */
  protected send(frame: object): void {
    const ws = this.#ws
    if (!this.#isOpen || ws.readyState !== ws.OPEN) return
    if (ws.bufferedAmount > this.context.settings.sendBufferBytesMax) {
      this.context.metrics.count('dropped_total', { queue: 'socket_out', reason: 'slow_reader' })
      this.end('rate_limited')
      return
    }
    ws.send(JSON.stringify(frame))
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    this.#heard()
    if (!this.#isOpen) {
      // Under way when the close began. The client knows from the close that nothing after it was judged.
      this.context.metrics.count('dropped_total', { queue: 'socket_in', reason: 'closing' })
      return
    }
    try {
      if (!this.#takeToken()) this.#limited()
      else if (isBinary) this.onBinary()
      else this.onText(data.toString())
    } catch (error) {
      this.onFault(error)
    }
  }

  #heard(): void {
    this.#heardAt = this.context.sweeper.sweeps
    this.#pings = 0
  }

  #takeToken(): boolean {
    if (this.#tokens < 1) this.#refill()
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  // Only when the bucket is empty, so that a well-behaved client never costs a reading of the clock. In return a bucket
  // that stood full for a while is filled once more when it runs empty: at most two bursts at once.
  #refill(): void {
    const { framesPerSecond, framesBurst } = this.context.settings
    const nowMs = this.context.clock.monotonicMs()
    this.#tokens += ((nowMs - this.#refilledMs) * framesPerSecond) / 1000
    this.#refilledMs = nowMs
    if (this.#tokens >= framesBurst) {
      this.#tokens = framesBurst
      this.#overLimit = 0
    }
  }

  #limited(): void {
    this.onOverLimit()
    // A client that sends as much again as it may, on top of what it may, does not intend to stop.
    if (++this.#overLimit > this.context.settings.framesBurst) this.end('rate_limited')
  }

  #pingOrGiveUp(): void {
    if (this.#pings >= PINGS_MAX) this.end('idle')
    else {
      this.#pings++
      this.#ws.ping()
    }
  }

  #closing(reason: CloseReason): void {
    const { metrics, log } = this.context
    metrics.count('session_closes_total', { code: String(CLOSE_CODES[reason].code) })
    log.debug('a socket was closed', { requestId: this.requestId, kind: this.kind, address: this.address, reason })
    this.#finish()
  }

  #closed(): void {
    this.#finish()
    this.context.table.delete(this)
  }

  #finish(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.onEnd()
  }
}
