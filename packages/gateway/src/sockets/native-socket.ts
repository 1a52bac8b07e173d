/**
 * `WS /v1/session`, the native heartbeat socket (api.md): challenge → hello → welcome, then signed beats that are bound to
 * this session and node (L10), each acknowledged or refused.
 *
 *   challenged ──hello──► greeting ──entities known──► open ──last entity revoked──► closed 4409 / 4410
 *       │ 10 s                └──none known──► closed 4404 / 4410
 *       └──► closed 4408
 *
 * A second hello adds entities to an open session.
 *
 * The registry hears that this session serves an entity only once a beat has proved it. A hello is signed by nobody: if it
 * already took the entity over (L8), anyone could end anybody's session, and for good.
 */
import type { BeatAnswer, EntityView } from '@rollcall/core'
import {
  type Beat,
  base16,
  bindBeat,
  type ClientFrame,
  type EntityId,
  LIMITS,
  PROTOCOL_VERSION,
  parseClientFrame,
  type Result,
  type ServerFrame,
} from '@rollcall/protocol'
import { HELLO_SECONDS } from '../settings.ts'
import type { GatewaySocket } from './gateway-socket.ts'
import { type BeatError, HeartbeatSocket } from './heartbeat-socket.ts'
import type { Caller, SocketContext } from './server-socket.ts'
import type { SweepLimits } from './sweeper.ts'

const NONCE_BYTES = 16
type Revocation = 'superseded' | 'deregistered'
type BeatFrame = Exclude<ClientFrame, { type: 'hello' }>

export class NativeSocket extends HeartbeatSocket {
  readonly #nonce: string
  readonly #openedAt: number
  #stage: 'challenged' | 'greeting' | 'open' = 'challenged'
  readonly #entities = new Set<EntityId>()
  /** Made only when needed: most sessions never lose an entity. */
  #revoked: Map<EntityId, Revocation> | undefined
  #wasMoved = false

  constructor(ws: GatewaySocket, caller: Caller, context: SocketContext) {
    super('native', ws, caller, context)
    this.#nonce = base16(context.random.bytes(NONCE_BYTES))
    this.#openedAt = context.sweeper.sweeps
    this.#say({
      type: 'challenge',
      nonce: this.#nonce,
      node_id: context.registry.nodeId,
      server_time: context.clock.wallMs(),
      protocol: PROTOCOL_VERSION,
    })
  }

  /** Tells the client where else to go, once. */
  move(nodes: readonly string[]): void {
    if (this.#wasMoved) return
    this.#wasMoved = true
    this.#say({ type: 'moved', nodes })
  }

  override onSweep(sweep: number, limits: SweepLimits): void {
    if (this.#stage === 'challenged' && sweep - this.#openedAt >= limits.hello) {
      this.complain('timeout', `no hello came within ${HELLO_SECONDS} s`)
      this.end('idle')
      return
    }
    super.onSweep(sweep, limits)
  }

  protected override onText(text: string): void {
    const frame = parseClientFrame(text)
    if (!frame.ok) {
      if (frame.code !== 'protocol_incompatible') this.unreadable(frame.message)
      else {
        this.complain('protocol_incompatible', frame.message)
        this.end('protocol_incompatible')
      }
      return
    }
    if (frame.value.type !== 'hello') this.#onBeat(frame.value)
    else if (this.#stage === 'greeting') this.unreadable('the last hello is still being answered')
    else {
      this.readable()
      void this.#greet(frame.value.entities)
    }
  }

  #onBeat(frame: BeatFrame): void {
    if (this.#stage !== 'open') {
      this.unreadable('a session begins with hello, and welcome comes before the first heartbeat')
      return
    }
    this.readable()
    const { entityId, type } = frame
    if (!this.#entities.has(entityId)) {
      this.#refuseStranger(entityId)
      return
    }
    const status = type === 'goodbye' ? 'inactive' : 'active'
    const beat = bindBeat(frame.beat, { node: this.context.registry.nodeId, nonce: this.#nonce, status })
    if (type === 'heartbeat' && frame.health !== undefined) void this.judge(entityId, beat, { health: frame.health })
    else void this.judge(entityId, beat)
  }

  /** A beat for an entity that this session does not serve, or serves no more. */
  #refuseStranger(id: EntityId): void {
    const revocation = this.#revoked?.get(id)
    if (revocation === undefined) {
      this.countBeat('malformed')
      this.complain('malformed', 'no hello of this session names this entity', id)
      return
    }
    this.countBeat(revocation === 'deregistered' ? 'deregistered' : 'stale')
    this.#tellRevoked(id, revocation)
  }

  async #greet(ids: readonly EntityId[]): Promise<void> {
    const stageBefore = this.#stage
    this.#stage = 'greeting'
    try {
      const room = LIMITS.sessionEntitiesMax - this.#entities.size
      const asked = ids.filter((id) => !this.#entities.has(id))
      for (const id of asked.slice(room)) {
        this.complain('rate_limited', `this session carries ${LIMITS.sessionEntitiesMax} entities already`, id)
      }
      const found = await Promise.all(
        asked.slice(0, room).map(async (id) => ({ id, result: await this.context.lookup.find(id, 'local') })),
      )
      if (!this.isOpen) return
      this.#admit(found)
      if (this.#entities.size === 0) this.#refuseAll(found)
      else this.#welcome()
    } catch (error) {
      this.#stage = stageBefore
      this.context.log.error('a hello could not be answered', { requestId: this.requestId, error })
      this.complain('internal_error', 'the node failed; it logged why')
      this.end('internal')
    }
  }

  #admit(found: readonly { readonly id: EntityId; readonly result: Result<EntityView> }[]): void {
    const known = found.filter(({ result }) => result.ok).map(({ id }) => id)
    for (const { id, result } of found) if (!result.ok) this.complain(result.code, result.message, id)
    for (const id of known) {
      this.#entities.add(id)
      this.#revoked?.delete(id)
    }
    if (known.length > 0 && this.session === undefined) this.openSession('native', [])
  }

  #refuseAll(found: readonly { readonly result: Result<EntityView> }[]): void {
    const codes = new Set(found.map(({ result }) => (result.ok ? undefined : result.code)))
    if (codes.size === 1 && codes.has('entity_deregistered')) this.end('deregistered')
    else if (codes.has('entity_not_found') || codes.has('entity_deregistered')) this.end('entity_not_found')
    // The node cannot say: the client should ask another.
    else this.end('going_away')
  }

  #welcome(): void {
    this.#stage = 'open'
    const { settings, registry } = this.context
    this.#say({
      type: 'welcome',
      interval_seconds: settings.intervalSeconds,
      inactive_threshold_seconds: settings.inactiveThresholdSeconds,
      limits: {
        frame_bytes: settings.frameBytesMax,
        entities: LIMITS.sessionEntitiesMax,
        health_bytes: LIMITS.healthBytesMax,
      },
      nodes: registry.otherUrls(),
    })
  }

  protected override acknowledge(id: EntityId, beat: Beat, answer: BeatAnswer): void {
    if (this.#entities.has(id)) this.session?.add(id)
    this.#say({
      type: 'ack',
      entity_id: id,
      timestamp_ms: beat.timeMs,
      server_time: this.context.clock.wallMs(),
      next_expected_ms: answer.nextExpectedMs,
      status: answer.status,
    })
  }

  protected override complain(error: BeatError, message: string, id?: EntityId): void {
    this.#say({ type: 'error', ...(id === undefined ? {} : { entity_id: id }), error, message })
  }

  protected override onRevoked(id: EntityId, reason: Revocation): void {
    if (!this.#entities.delete(id)) return
    this.#revoked ??= new Map()
    this.#revoked.set(id, reason)
    this.#tellRevoked(id, reason)
    if (this.#entities.size === 0) this.end(reason)
  }

  protected override onMoved(nodes: readonly string[]): void {
    this.move(nodes)
  }

  #tellRevoked(id: EntityId, reason: Revocation): void {
    if (reason === 'superseded') this.complain('superseded', 'a newer session of this entity took over', id)
    else this.complain('entity_deregistered', 'the entity was deregistered by its owner', id)
  }

  #say(frame: ServerFrame): void {
    this.send(frame)
  }
}
