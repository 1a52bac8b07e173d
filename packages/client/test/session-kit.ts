/** A session machine under a clock that the test moves, and the frames of a node as text. */

import { nobleSigner } from '@rollcall/identity'
import { type EntityId, type JsonObject, type NodeId, nodeIdOf } from '@rollcall/protocol'
import { Roster } from '../src/roster.ts'
import type { SessionEvent } from '../src/session/events.ts'
import { type SessionEntity, sessionEntity } from '../src/session/frames.ts'
import { SessionMachine } from '../src/session/machine.ts'
import type { Action, Input } from '../src/session/states.ts'

const WALL_MS = 1_767_225_600_000

export const node: NodeId = nodeIdOf(nobleSigner(new Uint8Array(32).fill(9)).publicKey)
export const entity = (n: number): SessionEntity => sessionEntity(nobleSigner(new Uint8Array(32).fill(n)))

export class Rig {
  readonly machine: SessionMachine
  readonly entities: readonly SessionEntity[]
  nowMs = 0
  wallOffsetMs = WALL_MS
  random = 0.5
  health: () => JsonObject | undefined = () => undefined
  /** Every action so far, oldest first. */
  readonly actions: Action[] = []

  constructor(registries: readonly string[] = ['http://a', 'http://b', 'http://c'], entities = [entity(1)]) {
    this.entities = entities
    this.machine = new SessionMachine({
      roster: new Roster(registries),
      entities,
      client: 'test/1',
      random: () => this.random,
      healthOf: () => this.health(),
    })
  }

  feed(input: Input): readonly Action[] {
    const actions = this.machine.handle(input, {
      monotonicMs: this.nowMs,
      wallMs: this.nowMs + this.wallOffsetMs,
    })
    this.actions.push(...actions)
    return actions
  }

  receive(frame: JsonObject): readonly Action[] {
    return this.feed({ kind: 'received', text: JSON.stringify(frame) })
  }

  /** Lets time pass as a timer would see it: the machine wakes at each of its deadlines, in order. */
  pass(ms: number): readonly Action[] {
    const endMs = this.nowMs + ms
    const before = this.actions.length
    for (let dueMs = this.machine.wakeAtMs; dueMs !== undefined && dueMs <= endMs; dueMs = this.machine.wakeAtMs) {
      this.nowMs = Math.max(this.nowMs, dueMs)
      this.feed({ kind: 'woken' })
    }
    this.nowMs = endMs
    return this.actions.slice(before)
  }

  /** The process stands still for so long, then wakes once. */
  suspend(ms: number): readonly Action[] {
    this.nowMs += ms
    return this.feed({ kind: 'woken' })
  }

  challenge(offsetMs = 0): readonly Action[] {
    const server_time = this.nowMs + this.wallOffsetMs + offsetMs
    return this.receive({ type: 'challenge', nonce: 'nonce-1', node_id: node, server_time, protocol: 1 })
  }

  welcome(extra: JsonObject = {}): readonly Action[] {
    return this.receive({
      type: 'welcome',
      interval_seconds: 30,
      inactive_threshold_seconds: 300,
      limits: {},
      nodes: [],
      ...extra,
    })
  }

  /** Accepts every beat sent and not yet acknowledged. */
  ackAll(status = 'active'): readonly Action[] {
    return this.unacknowledged().flatMap(({ entity_id, timestamp_ms }) => this.ack(entity_id, timestamp_ms, status))
  }

  ack(entity_id: EntityId, timestamp_ms: number, status = 'active'): readonly Action[] {
    const server_time = this.nowMs + this.wallOffsetMs
    this.#acknowledged.add(`${entity_id} ${timestamp_ms}`)
    return this.receive({ type: 'ack', entity_id, timestamp_ms, server_time, next_expected_ms: 30_000, status })
  }

  /** Connected, welcomed, and the first beats accepted. */
  connected(): this {
    this.feed({ kind: 'start' })
    this.challenge()
    this.welcome()
    this.ackAll()
    return this
  }

  readonly #acknowledged = new Set<string>()

  unacknowledged(): readonly { entity_id: EntityId; timestamp_ms: number }[] {
    return sentIn(this.actions)
      .filter(({ type }) => type === 'heartbeat' || type === 'goodbye')
      .map((frame) => frame as unknown as { entity_id: EntityId; timestamp_ms: number })
      .filter(({ entity_id, timestamp_ms }) => !this.#acknowledged.has(`${entity_id} ${timestamp_ms}`))
  }
}

export const sentIn = (actions: readonly Action[]): readonly JsonObject[] =>
  actions.flatMap((action) => (action.kind === 'send' ? [JSON.parse(action.text)] : []))

export const toldIn = (actions: readonly Action[]): readonly SessionEvent[] =>
  actions.flatMap((action) => (action.kind === 'tell' ? [action.event] : []))

/** The events of one kind, in order. */
export const told = <K extends SessionEvent['kind']>(
  actions: readonly Action[],
  kind: K,
): readonly Extract<SessionEvent, { kind: K }>[] =>
  toldIn(actions).filter((event): event is Extract<SessionEvent, { kind: K }> => event.kind === kind)

export const connectsIn = (actions: readonly Action[]): readonly string[] =>
  actions.flatMap((action) => (action.kind === 'connect' ? [action.url] : []))
