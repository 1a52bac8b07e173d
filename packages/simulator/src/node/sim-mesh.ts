import type { Mesh, MeshHandlers, MeshProtocol, MessageVerdict, RequestOptions, Topic } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import type { MemoryMesh } from '@rollcall/testkit'
import type { Gate } from '../engine/gate.ts'

/** What may be seen, and by a mutation changed, between a runtime and its mesh. */
export interface MeshTap {
  /** Before a message leaves. Returns what leaves instead; undefined where nothing does. */
  publish(topic: Topic, message: Uint8Array): Uint8Array | undefined
  judged(topic: Topic, message: Uint8Array, from: NodeId, verdict: MessageVerdict): void
  answered(protocol: MeshProtocol, from: NodeId, body: Uint8Array, answer: Uint8Array): void
  linked(peer: NodeId, isOpen: boolean): void
}

/** The mesh of one process: nothing of the network reaches the runtime but through its gate. */
export class SimMesh implements Mesh {
  readonly #inner: MemoryMesh
  readonly #gate: Gate
  readonly #tap: MeshTap

  constructor(inner: MemoryMesh, gate: Gate, tap: MeshTap) {
    this.#inner = inner
    this.#gate = gate
    this.#tap = tap
  }

  get nodeId(): NodeId {
    return this.#inner.nodeId
  }

  start(handlers: MeshHandlers): Promise<void> {
    return this.#inner.start({
      onMessage: async (topic, message, from) => {
        await this.#turn()
        const verdict = await handlers.onMessage(topic, message, from)
        this.#tap.judged(topic, message, from, verdict)
        return verdict
      },
      onRequest: async (protocol, body, from) => {
        await this.#turn()
        const answer = await handlers.onRequest(protocol, body, from)
        this.#tap.answered(protocol, from, body, answer)
        return answer
      },
      onPeerConnected: (peer) => {
        this.#gate.enter(() => {
          this.#tap.linked(peer, true)
          handlers.onPeerConnected(peer)
        })
      },
      onPeerDisconnected: (peer) => {
        this.#gate.enter(() => {
          this.#tap.linked(peer, false)
          handlers.onPeerDisconnected(peer)
        })
      },
    })
  }

  publish(topic: Topic, message: Uint8Array): void {
    const leaving = this.#tap.publish(topic, message)
    if (leaving !== undefined && this.#gate.isAlive) this.#inner.publish(topic, leaving)
  }

  async request(peer: NodeId, protocol: MeshProtocol, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    try {
      return await this.#inner.request(peer, protocol, body, options)
    } finally {
      await this.#turn()
    }
  }

  connectedPeers(): readonly NodeId[] {
    return this.#inner.connectedPeers()
  }

  addresses(): readonly string[] {
    return this.#inner.addresses()
  }

  learn(peer: NodeId, addresses: readonly string[]): void {
    this.#inner.learn(peer, addresses)
  }

  stop(): Promise<void> {
    return this.#inner.stop()
  }

  /** Resolves in the next turn of the process; never, where there is none any more. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#gate.enter(resolve))
  }
}
