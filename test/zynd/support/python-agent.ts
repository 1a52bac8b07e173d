/**
 * An agent on Zynd's Python SDK (zynd-wire.md §5, §6.1): literal ids, bodies with spaces and `\uXXXX`, exactly 200 expected of
 * a PUT, and the synchronous client of `websockets`, which pings every 20 s and whose user never reads: sixteen frames of
 * data fill its queue, then it reads no more, misses the pong and ends with 1011.
 */
import { WebSocket } from 'ws'
import { type Fields, Float, pythonBody } from './dump.ts'
import { JSON_TYPE, pythonCall, type Reply } from './http.ts'
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

const QUEUE_MAX = 16
const HANDSHAKE = { 'User-Agent': 'Python/3.12 websockets/15.0.1' }

/** What pydantic dumps of a price list. */
export const PYTHON_PRICING: Fields = {
  model: 'per-request',
  base_price_usd: new Float(0.01),
  currency: 'USD',
  payment_methods: ['x402'],
  rates: { default: new Float(1), burst: new Float(1e-7) },
}

export class PythonAgent {
  readonly identity: Identity
  readonly id: string
  description: Description
  registryUrl: string
  readonly steps: string[] = []
  /** Frames of data that lie unread. */
  received = 0
  pongs = 0
  beats = 0
  readonly ends: string[] = []
  readonly #pace: Pace
  #socket: WebSocket | undefined
  #timers: NodeJS.Timeout[] = []
  #reconnectTimer: NodeJS.Timeout | undefined
  #awaitsPong = false
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
    return `${this.registryUrl}/v1/entities/${this.id}`
  }

  async start(): Promise<void> {
    this.steps.length = 0
    const developer = await pythonCall(`${this.registryUrl}/v1/developers/${this.identity.developer.developerId}`)
    this.steps.push(`GET developer ${developer.status}`)
    const found = await pythonCall(this.entityUrl)
    this.steps.push(`GET ${found.status}`)
    if (found.status === 200) {
      const changed = difference(this.description, found.body)
      if (Object.keys(changed).length > 0) await this.update(changed)
    } else {
      const posted = await this.register()
      this.steps.push(`POST ${posted.status}`)
      // Only the text of its own exception, which a registration that succeeds does not raise, is looked through.
      const isTaken = posted.status === 200 || posted.status === 201
      const refused = isTaken ? '' : `${posted.status} ${posted.text}`
      if (refused.includes('409')) await this.update({ ...this.description })
    }
    this.beat()
  }

  beat(): void {
    this.#stopped = false
    running.add(this)
    this.#connect()
  }

  register(extra: Fields = {}): Promise<Reply> {
    const fields = registration(this.identity, this.description, { entity_pricing: PYTHON_PRICING, ...extra })
    const call = { method: 'POST', body: pythonBody(fields), headers: JSON_TYPE }
    return pythonCall(`${this.registryUrl}/v1/entities`, call)
  }

  async update(fields: Fields): Promise<Reply> {
    const { body, authorization } = updateOf(this.identity.key, fields)
    const headers = { ...JSON_TYPE, Authorization: authorization }
    const reply = await pythonCall(this.entityUrl, { method: 'PUT', body, headers })
    this.steps.push(`PUT ${Object.keys(fields).join(',')} ${reply.status}`)
    return reply
  }

  /** The process ends: the connection breaks off without a close frame. */
  stop(): void {
    this.#stopped = true
    running.delete(this)
    this.#end()
    this.#socket?.terminate()
  }

  moveTo(registryUrl: string): Promise<void> {
    this.stop()
    this.registryUrl = registryUrl
    return this.start()
  }

  #end(): void {
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#reconnectTimer)
  }

  #connect(): void {
    const url = `${this.registryUrl.replace(/^http/, 'ws')}/v1/entities/${this.id}/ws`
    const socket = new WebSocket(url, { headers: HANDSHAKE })
    this.#socket = socket
    this.#awaitsPong = false
    let unread = 0
    socket.on('open', () => {
      this.#send(socket)
      this.#timers = [
        setInterval(() => this.#send(socket), this.#pace.intervalMs),
        setInterval(() => this.#ping(socket), this.#pace.pingMs),
      ]
    })
    socket.on('message', () => {
      this.received++
      if (++unread >= QUEUE_MAX) socket.pause()
    })
    socket.on('pong', () => {
      this.pongs++
      this.#awaitsPong = false
    })
    socket.on('error', (error) => this.ends.push(error.message))
    socket.on('close', (code) => {
      if (socket !== this.#socket || this.#stopped) return
      this.ends.push(`close ${code}`)
      // A connection that never came about is noticed at once, one that ended at the next thing to send.
      if (this.#timers.length === 0) this.#comeBack()
    })
  }

  #ping(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) return
    if (this.#awaitsPong) {
      socket.close(1011, 'keepalive ping timeout')
      return
    }
    this.#awaitsPong = true
    socket.ping()
  }

  #send(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) {
      this.#comeBack()
      return
    }
    const at = timestamp()
    socket.send(pythonBody({ timestamp: at, signature: this.identity.key.sign(at) }))
    this.beats++
  }

  #comeBack(): void {
    this.#end()
    this.#timers = []
    if (!this.#stopped) this.#reconnectTimer = setTimeout(() => this.#connect(), this.#pace.reconnectMs)
  }
}
