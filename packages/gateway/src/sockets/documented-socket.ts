/**
 * `WS /v1/heartbeat`, as Zynd's documentation describes it (zynd-wire.md §6.2): one socket for many entities, each frame
 * naming its own. Errors are answered and never close the socket, since the other entities on it did nothing wrong.
 */
import type { BeatAnswer } from '@rollcall/core'
import { type Beat, type EntityId, LIMITS, parseDocumentedFrame } from '@rollcall/protocol'
import type { GatewaySocket } from './gateway-socket.ts'
import { type BeatError, HeartbeatSocket } from './heartbeat-socket.ts'
import type { Caller, SocketContext } from './server-socket.ts'

export class DocumentedSocket extends HeartbeatSocket {
  protected override readonly hasStrikes = false
  readonly #seen = new Set<EntityId>()

  constructor(ws: GatewaySocket, caller: Caller, context: SocketContext) {
    super('documented', ws, caller, context)
    this.openSession('documented', [])
  }

  protected override onText(text: string): void {
    const frame = parseDocumentedFrame(text)
    if (!frame.ok) {
      this.unreadable(frame.message)
      return
    }
    this.readable()
    const { entityId, beat } = frame.value
    if (this.#seen.has(entityId)) void this.judge(entityId, beat)
    else if (this.#seen.size < LIMITS.sessionEntitiesMax) void this.judge(entityId, beat, { prepare: this.#meet })
    else {
      this.countBeat('rate_limited')
      this.complain('rate_limited', `this socket carries ${LIMITS.sessionEntitiesMax} entities already`, entityId)
    }
  }

  /** Fetches an entity this node may not know yet (L7). Its beat is judged next, whatever comes of that. */
  readonly #meet = async (id: EntityId): Promise<void> => {
    const found = await this.context.lookup.find(id, 'local')
    if (!found.ok || !this.isOpen) return
    this.#seen.add(id)
    this.session?.add(id)
  }

  protected override acknowledge(id: EntityId, beat: Beat, answer: BeatAnswer): void {
    this.send({
      type: 'ack',
      agent_id: id,
      timestamp: beat.text,
      server_time: this.context.clock.wallMs(),
      next_expected_ms: answer.nextExpectedMs,
      status: answer.status,
    })
  }

  protected override complain(error: BeatError, message: string, id?: EntityId): void {
    this.send({ type: 'error', agent_id: id, error, message })
  }

  protected override onRevoked(id: EntityId, reason: 'superseded' | 'deregistered'): void {
    if (reason === 'superseded') return
    this.#seen.delete(id)
    this.complain('entity_deregistered', 'the entity was deregistered by its owner', id)
  }
}
