/** One heartbeat socket, word by word: what the doctor says on it, and what the node answers. */
import {
  goodbyeFrame,
  heartbeatFrame,
  helloFrame,
  type NodeFrame,
  parseNodeFrame,
  type SessionEntity,
} from '@rollcall/client'
import { type EntityId, type NodeId, PROTOCOL_VERSION } from '@rollcall/protocol'
import type { WebSocket } from 'ws'
import { VERSION } from '../version.ts'

const TIMEOUT_MS = 10_000
/** More frames than this that nobody waited for are a fault of the node. */
const FRAMES_MAX = 100

/** What the node said, or how the socket ended while it was waited for. */
export type Reply =
  | NodeFrame
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  | { readonly kind: 'silent' }

interface Challenge {
  readonly node: NodeId
  readonly nonce: string
}

export class Session {
  readonly #socket: WebSocket
  readonly #frames: NodeFrame[] = []
  #closed: { readonly kind: 'closed'; readonly code: number; readonly reason: string } | undefined
  #wake: () => void = () => undefined
  #challenge: Challenge | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      const frame = parseNodeFrame(String(data))
      if (frame !== undefined && this.#frames.length < FRAMES_MAX) this.#frames.push(frame)
      this.#wake()
    })
    socket.on('close', (code, reason) => {
      this.#closed = { kind: 'closed', code, reason: String(reason) }
      this.#wake()
    })
  }

  /** Says hello for an entity. The answer is `welcome` where the node takes it. */
  async hello(id: EntityId): Promise<Reply> {
    const challenge = await this.#next(['challenge'])
    if (challenge.kind !== 'challenge') return challenge
    // Only what a beat is bound to: it has a time of its own.
    this.#challenge = { node: challenge.node, nonce: challenge.nonce }
    this.#socket.send(helloFrame([id], PROTOCOL_VERSION, `rollcall-doctor/${VERSION}`))
    return this.#next(['welcome', 'error'])
  }

  /** Sends one signed beat. The answer is `ack` where it counted. */
  beat(entity: SessionEntity, timeMs: number): Promise<Reply> {
    this.#socket.send(heartbeatFrame({ entity, timeMs, challenge: this.#requireChallenge() }))
    return this.#next(['ack', 'error'])
  }

  goodbye(entity: SessionEntity, timeMs: number): Promise<Reply> {
    this.#socket.send(goodbyeFrame({ entity, timeMs, challenge: this.#requireChallenge() }))
    return this.#next(['ack', 'error'])
  }

  end(): void {
    this.#socket.terminate()
  }

  #requireChallenge(): Challenge {
    if (this.#challenge === undefined) throw new Error('a beat comes after hello')
    return this.#challenge
  }

  async #next(kinds: readonly NodeFrame['kind'][]): Promise<Reply> {
    const deadline = performance.now() + TIMEOUT_MS
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        if (kinds.includes(frame.kind)) return frame
      }
      if (this.#closed !== undefined) return this.#closed
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return { kind: 'silent' }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}
