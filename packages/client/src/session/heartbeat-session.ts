/**
 * Keeps entities alive: one socket to one node at a time, another node as soon as that one fails, for ever.
 *
 * @example
 * const session = new HeartbeatSession({ registries: ['http://127.0.0.1:8081'], entities: [{ signer }] })
 * session.on('acked', (event) => console.log(event.entityId, event.status))
 * session.start()
 * …
 * await session.stop({ goodbye: true })
 */
import { type EntityId, type EntityType, type JsonObject, LIMITS, type Signer } from '@rollcall/protocol'
import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts'
import { Roster } from '../roster.ts'
import { platformWebSocket, type WebSocketClass, type WebSocketLike } from '../sockets.ts'
import { CLIENT_NAME } from '../version.ts'
import { describeEvent, type SessionEvent, type StopReason } from './events.ts'
import { sessionEntity } from './frames.ts'
import { SessionMachine } from './machine.ts'
import type { Action, Input } from './states.ts'

export interface HeartbeatOptions {
  /** HTTP addresses of nodes, the preferred one first. Nodes add others while the session runs. */
  readonly registries: readonly string[]
  /** At most 256; `type` is `agent` unless given, and decides the id (I1). */
  readonly entities: readonly { readonly signer: Signer; readonly type?: EntityType }[]
  /** Asked before each beat for what the entity says of its health: small JSON, at most 1 KiB. Default: nothing. */
  readonly health?: (id: EntityId) => JsonObject | undefined
  /** Takes one line for each event worth telling. Default: none. */
  readonly log?: (line: string) => void
  /** Name and version of the program, for the node's log. */
  readonly client?: string
  /** Default: that of the platform. Node before 22 has none: pass `nodeWebSocket` of `@rollcall/client/node`. */
  readonly WebSocket?: WebSocketClass
  readonly clock?: Clock
  readonly random?: Random
}

export type SessionEventKind = SessionEvent['kind']
export type SessionEventOf<K extends SessionEventKind> = Extract<SessionEvent, { readonly kind: K }>

export class HeartbeatSession {
  readonly #machine: SessionMachine
  readonly #clock: Clock
  readonly #WebSocket: WebSocketClass
  readonly #log: (line: string) => void
  readonly #listeners = new Map<SessionEventKind, Set<(event: SessionEvent) => void>>()
  readonly #stopped: Promise<StopReason | undefined>
  #resolveStopped: (reason: StopReason | undefined) => void = () => undefined
  #socket: WebSocketLike | undefined
  #cancelWake: () => void = () => undefined

  /** @throws RangeError without a registry or an entity, or with more entities than a socket may carry. */
  constructor(options: HeartbeatOptions) {
    const { entities } = options
    if (entities.length === 0 || entities.length > LIMITS.sessionEntitiesMax) {
      throw new RangeError(`a session carries 1 to ${LIMITS.sessionEntitiesMax} entities, not ${entities.length}`)
    }
    const random = options.random ?? systemRandom
    this.#clock = options.clock ?? systemClock
    this.#WebSocket = options.WebSocket ?? platformWebSocket()
    this.#log = options.log ?? (() => undefined)
    this.#machine = new SessionMachine({
      roster: new Roster(options.registries),
      entities: entities.map(({ signer, type }) => sessionEntity(signer, type)),
      client: options.client ?? CLIENT_NAME,
      random: () => random.next(),
      healthOf: options.health ?? (() => undefined),
    })
    this.#stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve
    })
  }

  /** The entities it beats for; fewer once a node has revoked one (L8, T1). */
  get entityIds(): readonly EntityId[] {
    return this.#machine.entityIds
  }

  /** Resolves when the session is over for good: with the reason where a node ended it, with undefined after `stop`. */
  get stopped(): Promise<StopReason | undefined> {
    return this.#stopped
  }

  /** Calls `listener` at each event of this kind. Returns a function that ends it. */
  on<K extends SessionEventKind>(kind: K, listener: (event: SessionEventOf<K>) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set()
    this.#listeners.set(kind, listeners)
    const taken = (event: SessionEvent): void => listener(event as SessionEventOf<K>)
    listeners.add(taken)
    return () => listeners.delete(taken)
  }

  /** Connects and beats until stopped. Once only; a stopped session stays stopped. */
  start(): void {
    this.#feed({ kind: 'start' })
  }

  /**
   * Ends the session. With `goodbye` (the default) the node hears it signed, so that the entities are inactive at once
   * instead of after the threshold; resolves when it was heard, or after two seconds.
   */
  async stop({ goodbye = true }: { readonly goodbye?: boolean } = {}): Promise<void> {
    this.#feed({ kind: 'stop', goodbye })
    await this.#stopped
  }

  #feed(input: Input): void {
    const now = { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() }
    for (const action of this.#machine.handle(input, now)) this.#perform(action)
    this.#cancelWake()
    const wakeAtMs = this.#machine.wakeAtMs
    this.#cancelWake =
      wakeAtMs === undefined
        ? () => undefined
        : this.#clock.schedule(Math.max(0, wakeAtMs - this.#clock.monotonicMs()), () => this.#feed({ kind: 'woken' }))
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case 'connect':
        this.#connect(sessionUrl(action.url))
        break
      case 'send':
        this.#socket?.send(action.text)
        break
      case 'drop':
        this.#drop(action.code, action.reason)
        break
      case 'tell':
        this.#tell(action.event)
        break
    }
  }

  #connect(url: string): void {
    this.#drop(1000, 'replaced')
    let socket: WebSocketLike
    try {
      socket = new this.#WebSocket(url)
    } catch (error) {
      // An address that no socket takes. Told like any other failure, but not from within the machine's own turn.
      queueMicrotask(() => this.#feed({ kind: 'lost', code: 0, reason: messageOf(error) }))
      return
    }
    this.#socket = socket
    let failure = ''
    const isCurrent = (): boolean => this.#socket === socket
    socket.addEventListener('message', ({ data }) => {
      if (isCurrent()) this.#feed({ kind: 'received', text: typeof data === 'string' ? data : '' })
    })
    // What went wrong is said here, and that the connection is gone in the close event that follows.
    socket.addEventListener('error', (event) => {
      failure = 'message' in event && typeof event.message === 'string' ? event.message : 'the connection failed'
    })
    socket.addEventListener('close', ({ code, reason }) => {
      if (!isCurrent()) return
      this.#socket = undefined
      // 1005 and 1006 are the platform's words for a close without a code, and for none at all.
      const sent = code !== 1005 && code !== 1006
      this.#feed({ kind: 'lost', code: sent ? code : 0, reason: reason === '' ? failure : reason })
    })
  }

  #drop(code: number, reason: string): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    // A reason is at most 123 bytes in a close frame; ours are short ASCII.
    socket.close(code, reason.slice(0, 100))
    // The closing handshake of a node that hangs would never end.
    if (socket.terminate !== undefined) this.#clock.schedule(1_000, () => socket.terminate?.())
  }

  #tell(event: SessionEvent): void {
    const line = describeEvent(event)
    if (line !== undefined) this.#log(line)
    for (const listener of this.#listeners.get(event.kind) ?? []) {
      try {
        listener(event)
      } catch (error) {
        // A listener's fault must not stop the beats; it surfaces as an uncaught error of its own.
        queueMicrotask(() => {
          throw error
        })
      }
    }
    if (event.kind === 'stopped') this.#resolveStopped(event.error)
  }
}

/** The address of the native heartbeat socket of a registry. */
const sessionUrl = (registry: string): string => `${registry.replace(/^http/i, 'ws')}/v1/session`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
