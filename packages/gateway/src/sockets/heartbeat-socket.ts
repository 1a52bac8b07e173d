/**
 * What the three heartbeat sockets share: each beat is judged once and counted once (L9), a fault of the node costs neither
 * the socket nor the next beat, and clients that only send rubbish are let go.
 *
 * Unreadable frames and frames over the limit never reach the registry, so they are counted here; every other outcome is
 * counted behind the registry port.
 */
import type { BeatAnswer, BeatSource, Session, SessionInit } from '@rollcall/core'
import type { Beat, BeatOutcome, EntityId, ErrorCode, JsonObject } from '@rollcall/protocol'
import type { GatewaySocket } from './gateway-socket.ts'
import { type Caller, ServerSocket, type SocketContext } from './server-socket.ts'

export type BeatError = ErrorCode | 'stale_heartbeat' | 'superseded'

const NO_OPTIONS = {}

export abstract class HeartbeatSocket extends ServerSocket {
  #source: BeatSource | undefined
  #inFlight = 0
  #unreadable = 0
  #badSignatures = 0

  constructor(kind: SessionInit['kind'], ws: GatewaySocket, caller: Caller, context: SocketContext) {
    super(kind, ws, caller, context)
  }

  /** Tells the client of a beat that counts. */
  protected abstract acknowledge(id: EntityId, beat: Beat, answer: BeatAnswer): void
  /** Tells the client of a beat or frame that does not. */
  protected abstract complain(error: BeatError, message: string, id?: EntityId): void
  /** The registry ended this socket's part for an entity (L8, T1). */
  protected abstract onRevoked(id: EntityId, reason: 'superseded' | 'deregistered'): void
  /** The node is stopping. */
  protected onMoved(_nodes: readonly string[]): void {}
  /** Whether rubbish in a row ends the socket. Not where many entities share it and errors must not close it. */
  protected readonly hasStrikes: boolean = true

  protected get session(): Session | undefined {
    return this.#source?.session
  }

  protected openSession(kind: SessionInit['kind'], entities: readonly EntityId[]): Session {
    const { address, requestId } = this
    const session = this.context.registry.openSession({
      kind,
      entities,
      address,
      onRevoked: (id, reason) => this.onRevoked(id, reason),
      onMoved: (nodes) => this.onMoved(nodes),
    })
    // One object for all beats of this socket: the beat path allocates nothing for it.
    this.#source = { requestId, address, session }
    return session
  }

  /**
   * Hands a beat to the registry, and its answer to the client. Never rejects.
   * @param prepare what must have happened before the registry is asked.
   */
  protected async judge(
    id: EntityId,
    beat: Beat,
    {
      health,
      prepare,
    }: { readonly health?: JsonObject; readonly prepare?: (id: EntityId) => Promise<void> } = NO_OPTIONS,
  ): Promise<void> {
    if (this.#inFlight >= this.context.settings.beatsInFlightMax) {
      this.countBeat('rate_limited')
      this.complain('rate_limited', 'too many heartbeats of this socket wait for their verdict', id)
      return
    }
    this.#inFlight++
    try {
      const source = this.#source
      if (source === undefined) throw new Error('a beat was judged before its session was opened')
      if (prepare !== undefined) await prepare(id)
      const answer = await this.context.registry.beat(id, beat, health === undefined ? source : { ...source, health })
      if (this.isOpen) this.#answered(id, beat, answer)
    } catch (error) {
      this.fault(error, id)
    } finally {
      this.#inFlight--
    }
  }

  protected countBeat(outcome: BeatOutcome): void {
    this.context.metrics.count('heartbeats_total', { outcome })
  }

  /** A frame that cannot be read. */
  protected unreadable(message: string): void {
    this.countBeat('malformed')
    this.complain('malformed', message)
    if (++this.#unreadable >= this.context.settings.strikesMax && this.hasStrikes) this.end('malformed')
  }

  protected readable(): void {
    this.#unreadable = 0
  }

  protected override onBinary(): void {
    this.unreadable('frames are text')
  }

  protected override onOverLimit(): void {
    this.countBeat('rate_limited')
    this.complain('rate_limited', `more than ${this.context.settings.framesPerSecond} frames a second`)
  }

  protected override onFault(error: unknown): void {
    this.fault(error)
  }

  protected override onEnd(): void {
    this.#source?.session.close()
  }

  /** A fault of this node while a beat was judged: logged whole, counted as the node's, and the next beat counts again. */
  protected fault(error: unknown, id?: EntityId): void {
    this.context.log.error('a heartbeat could not be judged', { requestId: this.requestId, entityId: id, error })
    this.countBeat('storage_error')
    this.complain('internal_error', 'the node failed; it logged why', id)
  }

  #answered(id: EntityId, beat: Beat, answer: BeatAnswer): void {
    this.#badSignatures = answer.outcome === 'signature_invalid' ? this.#badSignatures + 1 : 0
    if (answer.outcome === 'deregistered') this.onRevoked(id, 'deregistered')
    else if (answer.error === undefined) {
      if (answer.outcome === 'accepted') this.context.activity.heartbeat(id, answer.status)
      this.acknowledge(id, beat, answer)
    } else this.complain(answer.error, answer.message, id)
    if (this.#badSignatures >= this.context.settings.strikesMax && this.hasStrikes) this.end('signature_invalid')
  }
}
