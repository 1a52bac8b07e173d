/**
 * The heartbeat session as a state machine without clock, socket or timer: what happened goes in with the time, what is to
 * be done comes out as data. The driver beside it moves bytes and decides nothing.
 *
 *   idle ─start─► connecting ─welcome─► beating ─stop─► leaving ─► stopped
 *                  ▲      │ lost          │ lost, no ack, moved
 *                  └── waiting ◄──────────┘
 *
 * Invariants: 1. a connection that gave no welcome, or leaves a beat unanswered, is dropped: an open socket is no sign of
 * life (a suspended node keeps its sockets open). 2. The session tries for ever; only `stop`, a final close code or the
 * loss of its last entity ends it. 3. Where this very process was late, its deadlines are late too: an answer that waits in
 * the socket's buffer is read before its sender is called silent.
 */
import {
  CLOSE_CODES,
  type CloseReason,
  type EntityId,
  type JsonObject,
  type NodeId,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
} from '@rollcall/protocol'
import { backoffMs } from '../backoff.ts'
import { baseUrl } from '../roster.ts'
import { BeatTimes } from './beat-times.ts'
import { answerTimeoutMs, Conversation, HELLO_ENTITIES_MAX, type Voice } from './conversation.ts'
import type { SessionEvent, StopReason } from './events.ts'
import {
  closeReason,
  goodbyeFrame,
  healthFits,
  heartbeatFrame,
  helloFrame,
  type NodeFrame,
  parseNodeFrame,
  type SessionEntity,
} from './frames.ts'
import {
  type Action,
  type Beating,
  type Challenge,
  type Input,
  type MachineInit,
  type Now,
  type State,
  wakeAtMs,
} from './states.ts'

/** From dialling to welcome. */
const WELCOME_TIMEOUT_MS = 5_000
const GOODBYE_TIMEOUT_MS = 2_000
/** Waking this much after the time asked for means that this process stood still. */
const LATE_MS = 1_000

export class SessionMachine {
  readonly #init: MachineInit
  readonly #entities: Map<EntityId, SessionEntity>
  readonly #times = new BeatTimes()
  #state: State = { name: 'idle' }
  /** Failures in a row. */
  #failures = 0
  #actions: Action[] = []

  constructor(init: MachineInit) {
    this.#init = init
    this.#entities = new Map(init.entities.map((entity) => [entity.id, entity]))
  }

  get stateName(): State['name'] {
    return this.#state.name
  }

  /** The entities it still beats for. */
  get entityIds(): readonly EntityId[] {
    return [...this.#entities.keys()]
  }

  /** Monotonic time at which `woken` is due; undefined while nothing is waited for. */
  get wakeAtMs(): number | undefined {
    return wakeAtMs(this.#state)
  }

  /** Takes one thing that happened, and answers with what is to be done, in order. */
  handle(input: Input, now: Now): readonly Action[] {
    this.#actions = []
    switch (input.kind) {
      case 'start':
        if (this.#state.name === 'idle') this.#connect(now)
        break
      case 'received':
        this.#received(input.text, now)
        break
      case 'lost':
        this.#lost(input, now)
        break
      case 'woken':
        this.#woken(now)
        break
      case 'stop':
        this.#stop(input.goodbye, now)
        break
    }
    return this.#actions
  }

  #tell(event: SessionEvent): void {
    this.#actions.push({ kind: 'tell', event })
  }

  #error(code: string, message: string, entityId?: EntityId, final = false): void {
    this.#tell({ kind: 'error', code, message, entityId, final })
  }

  #connect(now: Now): void {
    const deadlineMs = now.monotonicMs + WELCOME_TIMEOUT_MS
    this.#state = { name: 'connecting', deadlineMs, challenge: undefined, unnamed: [], refused: new Set() }
    this.#actions.push({ kind: 'connect', url: this.#init.roster.current })
  }

  #received(text: string, now: Now): void {
    const { name } = this.#state
    if (name !== 'connecting' && name !== 'beating' && name !== 'leaving') return
    const frame = parseNodeFrame(text)
    switch (frame?.kind) {
      case undefined:
        this.#error('malformed', `a frame of the node cannot be read: ${text.slice(0, 100)}`)
        break
      case 'challenge':
        this.#challenged(frame, now)
        break
      case 'welcome':
        this.#welcomed(frame, now)
        break
      case 'ack':
        this.#acked(frame, now)
        break
      case 'error':
        this.#refused(frame, now)
        break
      case 'moved':
        this.#moved(frame.nodes, now)
        break
      case 'unknown':
        // A newer node may say more than this client knows; it costs nothing to let it.
        break
    }
  }

  #challenged(frame: Extract<NodeFrame, { kind: 'challenge' }>, now: Now): void {
    const state = this.#state
    if (state.name !== 'connecting') return
    const { node, nonce, protocol } = frame
    state.challenge = { node, nonce, protocol, clockOffsetMs: Math.round(frame.timeMs - now.wallMs) }
    this.#hello(state.challenge, this.entityIds.slice(0, HELLO_ENTITIES_MAX))
    state.unnamed = this.entityIds.slice(HELLO_ENTITIES_MAX)
  }

  #welcomed(frame: Extract<NodeFrame, { kind: 'welcome' }>, now: Now): void {
    const state = this.#state
    if (state.name === 'beating') {
      state.conversation.welcomedAgain(this.#voice(state.challenge, now), now)
      return
    }
    if (state.name !== 'connecting' || state.challenge === undefined) return
    const { challenge, unnamed, refused } = state
    const { intervalMs, thresholdMs } = frame
    const conversation = new Conversation({ intervalMs, now, unnamed, refused })
    this.#state = { name: 'beating', challenge, intervalMs, conversation }
    this.#init.roster.learn(frame.nodes)
    const url = this.#init.roster.current
    const { node, clockOffsetMs } = challenge
    this.#tell({ kind: 'connected', url, node, intervalMs, thresholdMs, clockOffsetMs })
    conversation.begin(this.entityIds, this.#voice(challenge, now), now)
  }

  #voice(challenge: Challenge, now: Now): Voice {
    return {
      hello: (ids) => this.#hello(challenge, ids),
      beat: (id) => this.#beat(challenge, id, now),
    }
  }

  #hello(challenge: Challenge, ids: readonly EntityId[]): void {
    // The newest version that both speak; a node that is too old says so by refusing the hello.
    const protocol = Math.max(PROTOCOL_VERSION_MIN, Math.min(PROTOCOL_VERSION, challenge.protocol))
    this.#actions.push({ kind: 'send', text: helloFrame(ids, protocol, this.#init.client) })
  }

  #beat(challenge: Challenge, id: EntityId, now: Now): number {
    const timeMs = this.#times.next(id, now.wallMs)
    const entity = this.#entities.get(id)
    if (entity === undefined) throw new Error(`a beat is due for ${id}, which is none of this session`)
    const health = this.#healthOf(id)
    this.#actions.push({ kind: 'send', text: heartbeatFrame({ entity, timeMs, challenge: pick(challenge), health }) })
    return timeMs
  }

  /** Health is a courtesy: where it cannot be had, the beat goes out without it. */
  #healthOf(id: EntityId): JsonObject | undefined {
    try {
      const health = this.#init.healthOf(id)
      if (health === undefined || healthFits(health)) return health
      this.#error('validation_failed', 'health is larger than a node takes; the beat goes out without it', id)
    } catch (error) {
      this.#error('internal_error', `health could not be read: ${String(error)}`, id)
    }
    return undefined
  }

  #acked(frame: Extract<NodeFrame, { kind: 'ack' }>, now: Now): void {
    const { entityId, beatMs, status, nextExpectedMs } = frame
    const clockOffsetMs = Math.round(frame.timeMs - now.wallMs)
    const state = this.#state
    if (state.name === 'leaving') {
      // An ack that still says active is for a beat sent before the goodbye.
      if (status === 'inactive') this.#left(state.awaited, entityId)
      return
    }
    if (state.name !== 'beating') return
    state.conversation.acknowledged(entityId, beatMs)
    this.#tell({ kind: 'acked', entityId, beatMs, status, nextExpectedMs, clockOffsetMs })
  }

  #refused(frame: Extract<NodeFrame, { kind: 'error' }>, now: Now): void {
    const { entityId, code } = frame
    const state = this.#state
    const message = code === 'clock_skew' ? `${frame.message}; ${skewText(state, now)}` : frame.message
    const ended = entityId === undefined ? undefined : FINAL_FOR_ENTITY[code]
    this.#error(code, message, entityId, ended !== undefined)
    if (entityId === undefined) {
      if (state.name === 'beating') state.conversation.refusedHello()
      return
    }
    if (state.name === 'leaving') {
      this.#left(state.awaited, entityId)
      return
    }
    if (state.name === 'connecting' && ended === undefined) {
      state.refused.add(entityId)
      this.#putLast(entityId)
    }
    if (state.name === 'beating') state.conversation.refused(entityId, code)
    if (ended !== undefined) this.#endFor(entityId, ended)
  }

  /** The session goes on for the other entities, if there are any. */
  #endFor(id: EntityId, reason: CloseReason): void {
    this.#entities.delete(id)
    if (this.#state.name === 'beating') this.#state.conversation.forget(id)
    if (this.#entities.size === 0) this.#end(stopReason(reason))
  }

  /** Where a whole hello was refused the node closes, and the next connection must begin with others. */
  #putLast(id: EntityId): void {
    const entity = this.#entities.get(id)
    if (entity === undefined) return
    this.#entities.delete(id)
    this.#entities.set(id, entity)
  }

  /** The goodbye of one entity has its answer, of whatever kind. */
  #left(awaited: Set<EntityId>, id: EntityId): void {
    awaited.delete(id)
    if (awaited.size === 0) this.#end(undefined)
  }

  #moved(nodes: readonly string[], now: Now): void {
    const { roster, random } = this.#init
    const url = roster.current
    if (this.#state.name === 'leaving') return
    this.#tell({ kind: 'moved', url, nodes })
    roster.learn(nodes)
    // One of them by chance: all clients of a stopping node at its first neighbour would be a stampede.
    const others = nodes.map(baseUrl).filter((node) => roster.urls.includes(node) && node !== url)
    const next = others[Math.floor(random() * others.length)]
    this.#actions.push({ kind: 'drop', code: 1000, reason: 'moved' })
    this.#failures = 0
    this.#wait({ url, code: 1001, reason: 'moved', next }, now)
  }

  #lost(input: { readonly code: number; readonly reason: string }, now: Now): void {
    const { name } = this.#state
    if (name === 'idle' || name === 'stopped' || name === 'waiting') return
    const known = closeReason(input.code)
    if (name === 'leaving') {
      this.#end(undefined)
    } else if (known?.final === true) {
      const error = stopReason(known.name)
      this.#error(error.code, error.message, undefined, true)
      this.#end(error)
    } else {
      this.#retry({ code: input.code, reason: input.reason }, now)
    }
  }

  /** Leaves this node for the next one. */
  #retry(why: { readonly code: number; readonly reason: string }, now: Now): void {
    const state = this.#state
    if (state.name === 'beating' && state.conversation.isStable(now)) this.#failures = 0
    this.#wait({ url: this.#init.roster.current, ...why, next: undefined }, now)
  }

  #wait(
    why: { readonly url: string; readonly code: number; readonly reason: string; readonly next: string | undefined },
    now: Now,
  ): void {
    const { roster, random } = this.#init
    if (why.next === undefined || !roster.goTo(why.next)) roster.advance()
    const retryInMs = backoffMs(this.#failures++, random())
    this.#state = { name: 'waiting', untilMs: now.monotonicMs + retryInMs }
    this.#tell({ kind: 'closed', url: why.url, code: why.code, reason: why.reason, nextUrl: roster.current, retryInMs })
  }

  #woken(now: Now): void {
    const dueMs = this.wakeAtMs
    if (dueMs === undefined || now.monotonicMs < dueMs) return
    const lateMs = now.monotonicMs - dueMs
    if (lateMs > LATE_MS && this.#excuse(lateMs + LATE_MS)) return
    const state = this.#state
    if (state.name === 'waiting') this.#connect(now)
    else if (state.name === 'connecting') this.#giveUp(`no welcome within ${WELCOME_TIMEOUT_MS / 1000} s`, now)
    else if (state.name === 'leaving') this.#end(undefined)
    else if (state.name === 'beating') this.#nextRound(state, now)
  }

  #nextRound({ conversation, challenge, intervalMs }: Beating, now: Now): void {
    const hasChoice = this.#init.roster.urls.length > 1
    if (conversation.isSilent(now)) {
      this.#giveUp(`a beat had no answer within ${answerTimeoutMs(intervalMs) / 1000} s`, now)
    } else if (conversation.isUseless && hasChoice) {
      this.#giveUp('the node takes no beats', now)
    } else {
      conversation.nextRound(this.entityIds, this.#voice(challenge, now), now)
    }
  }

  /** Moves the deadlines of answers by this process's own lateness; true where nothing is due any more. */
  #excuse(byMs: number): boolean {
    const state = this.#state
    if (state.name === 'connecting' || state.name === 'leaving') {
      state.deadlineMs += byMs
      return true
    }
    if (state.name === 'beating') state.conversation.excuse(byMs)
    return false
  }

  #giveUp(reason: string, now: Now): void {
    this.#actions.push({ kind: 'drop', code: 1000, reason })
    this.#retry({ code: 0, reason }, now)
  }

  #stop(goodbye: boolean, now: Now): void {
    const state = this.#state
    if (state.name === 'stopped' || state.name === 'leaving') return
    if (!goodbye || state.name !== 'beating') {
      this.#end(undefined)
      return
    }
    for (const entity of this.#entities.values()) {
      const timeMs = this.#times.next(entity.id, now.wallMs)
      this.#actions.push({ kind: 'send', text: goodbyeFrame({ entity, timeMs, challenge: pick(state.challenge) }) })
    }
    this.#state = {
      name: 'leaving',
      awaited: new Set(this.#entities.keys()),
      deadlineMs: now.monotonicMs + GOODBYE_TIMEOUT_MS,
    }
  }

  #end(error: StopReason | undefined): void {
    this.#actions.push({ kind: 'drop', code: 1000, reason: error?.code ?? 'stopped' })
    this.#state = { name: 'stopped' }
    this.#tell({ kind: 'stopped', error })
  }
}

/** Error frames that end the session for one entity while the others of its socket go on, and the close code they equal. */
const FINAL_FOR_ENTITY: Readonly<Record<string, CloseReason>> = {
  superseded: 'superseded',
  entity_deregistered: 'deregistered',
}

const stopReason = (code: CloseReason): StopReason => ({
  closeCode: CLOSE_CODES[code].code,
  code,
  message: CLOSE_CODES[code].meaning,
})

const skewText = (state: State, now: Now): string => {
  if (state.name !== 'beating') return 'the clock of the node is not known'
  const offsetMs = state.challenge.clockOffsetMs
  const which = offsetMs > 0 ? 'behind' : 'ahead of'
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1)
  return `this clock says ${new Date(now.wallMs).toISOString()} and was ${seconds} s ${which} the node's when connecting`
}

const pick = ({ node, nonce }: Challenge): { readonly node: NodeId; readonly nonce: string } => ({ node, nonce })
