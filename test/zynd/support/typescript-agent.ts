/**
 * An agent on Zynd's TypeScript SDK (zynd-wire.md §5, §6.1): `fetch` with percent-encoded ids, `JSON.stringify` in the order
 * of insertion, 409 answered by a PUT of everything, a socket that never pings and comes back five seconds after any close.
 */
import { WebSocket } from 'ws'
import type { Fields } from './dump.ts'
import { fetchCall, JSON_TYPE, type Reply } from './http.ts'
import {
  type Description,
  difference,
  FAST_PACE,
  type Identity,
  idOf,
  type Pace,
  registration,
  running,
  timestamp,
  updateOf,
} from './sdk.ts'

export class TypeScriptAgent {
  readonly identity: Identity
  readonly id: string
  description: Description
  registryUrl: string
  /** What it did at its last start, in order. */
  readonly steps: string[] = []
  /** Frames of data that came from the node. */
  received = 0
  /** Pings of the node, each answered. */
  pings = 0
  beats = 0
  /** Connections that were refused or ended, with what was seen of them. */
  readonly ends: string[] = []
  readonly #pace: Pace
  #socket: WebSocket | undefined
  #beatTimer: NodeJS.Timeout | undefined
  #reconnectTimer: NodeJS.Timeout | undefined
  #stopped = true

  constructor(identity: Identity, description: Description, registryUrl: string, pace: Pace = FAST_PACE) {
    this.identity = identity
    this.id = idOf(identity)
    this.description = description
    this.registryUrl = registryUrl
    this.#pace = pace
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  get entityUrl(): string {
    return `${this.registryUrl}/v1/entities/${encodeURIComponent(this.id)}`
  }

  /** Asks for its developer, registers or updates, and opens the heartbeat. */
  async start(): Promise<void> {
    this.steps.length = 0
    const developer = await fetchCall(
      `${this.registryUrl}/v1/developers/${encodeURIComponent(this.identity.developer.developerId)}`,
    )
    this.steps.push(`GET developer ${developer.status}`)
    await this.#upsert()
    this.beat()
  }

  /** Only the socket: what is left of a start where there is no developer's key. */
  beat(): void {
    this.#stopped = false
    running.add(this)
    this.#connect()
  }

  async #upsert(): Promise<void> {
    const found = await fetchCall(this.entityUrl)
    this.steps.push(`GET ${found.status}`)
    if (found.status === 404) {
      const posted = await this.register()
      this.steps.push(`POST ${posted.status}`)
      // The SDK looks for the text of its own error.
      if (posted.status === 409) await this.update({ ...this.description })
    } else if (found.status === 200) {
      const changed = difference(this.description, found.body)
      if (Object.keys(changed).length > 0) await this.update(changed)
    }
  }

  register(extra: Fields = {}): Promise<Reply> {
    const body = JSON.stringify(registration(this.identity, this.description, extra))
    return fetchCall(`${this.registryUrl}/v1/entities`, { method: 'POST', body, headers: JSON_TYPE })
  }

  async update(fields: Fields): Promise<Reply> {
    const { body, authorization } = updateOf(this.identity.key, fields)
    const headers = { ...JSON_TYPE, Authorization: authorization }
    const reply = await fetchCall(this.entityUrl, { method: 'PUT', body: new TextEncoder().encode(body), headers })
    this.steps.push(`PUT ${Object.keys(fields).join(',')} ${reply.status}`)
    return reply
  }

  /** Ends the socket without a code, as a stop of the SDK does, and does not deregister. */
  stop(): void {
    this.#stopped = true
    running.delete(this)
    clearInterval(this.#beatTimer)
    clearTimeout(this.#reconnectTimer)
    this.#socket?.close()
  }

  /** The process is started again with another registry. */
  moveTo(registryUrl: string): Promise<void> {
    this.stop()
    this.registryUrl = registryUrl
    return this.start()
  }

  #connect(): void {
    const socket = new WebSocket(`${this.registryUrl.replace(/^http/, 'ws')}/v1/entities/${this.id}/ws`)
    this.#socket = socket
    socket.on('open', () => {
      this.#send(socket)
      this.#beatTimer = setInterval(() => this.#send(socket), this.#pace.intervalMs)
    })
    socket.on('message', () => this.received++)
    socket.on('ping', () => this.pings++)
    socket.on('error', (error) => this.ends.push(error.message))
    socket.on('close', (code) => {
      if (socket !== this.#socket) return
      clearInterval(this.#beatTimer)
      if (this.#stopped) return
      this.ends.push(`close ${code}`)
      this.#reconnectTimer = setTimeout(() => this.#connect(), this.#pace.reconnectMs)
    })
  }

  #send(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) return
    const at = timestamp()
    socket.send(JSON.stringify({ timestamp: at, signature: this.identity.key.sign(at) }))
    this.beats++
  }
}
