/**
 * `WS /v1/entities/{id}/ws`, as Zynd's SDKs speak it (zynd-wire.md §6.1): `{timestamp, signature}` every 30 s.
 *
 * Nothing is sent to the client unless it asks with `?ack=1`: the Python SDK never reads, and dies of sixteen unread frames.
 * It is not closed for equal, old or late beats, nor for a second process with its key: those clients would only come back
 * after five seconds, for ever.
 */
import type { BeatAnswer } from '@rollcall/core'
import { type Beat, type EntityId, parseZyndFrame } from '@rollcall/protocol'
import type { GatewaySocket } from './gateway-socket.ts'
import { type BeatError, HeartbeatSocket } from './heartbeat-socket.ts'
import type { Caller, SocketContext } from './server-socket.ts'

export class ZyndSocket extends HeartbeatSocket {
  readonly #id: EntityId
  readonly #isAnswered: boolean

  constructor(
    ws: GatewaySocket,
    caller: Caller,
    context: SocketContext,
    entity: { readonly id: EntityId; readonly isAnswered: boolean },
  ) {
    super('zynd', ws, caller, context)
    this.#id = entity.id
    this.#isAnswered = entity.isAnswered
    this.openSession('zynd', [entity.id])
  }

  protected override onText(text: string): void {
    const beat = parseZyndFrame(text)
    if (!beat.ok) {
      this.unreadable(beat.message)
      return
    }
    this.readable()
    void this.judge(this.#id, beat.value)
  }

  protected override acknowledge(id: EntityId, beat: Beat, answer: BeatAnswer): void {
    if (!this.#isAnswered) return
    this.send({
      type: 'ack',
      entity_id: id,
      timestamp: beat.text,
      timestamp_ms: beat.timeMs,
      server_time: this.context.clock.wallMs(),
      next_expected_ms: answer.nextExpectedMs,
      status: answer.status,
    })
  }

  protected override complain(error: BeatError, message: string): void {
    if (this.#isAnswered) this.send({ type: 'error', entity_id: this.#id, error, message })
  }

  protected override onRevoked(_id: EntityId, reason: 'superseded' | 'deregistered'): void {
    if (reason === 'superseded') return
    this.complain('entity_deregistered', 'the entity was deregistered by its owner')
    this.end('deregistered')
  }
}
