/** Everything that was ever said in a history, and somebody who says all of it again. */
import { MeshError, type MeshProtocol, type Topic } from '@rollcall/core'
import { nodeIdOf } from '@rollcall/protocol'
import { type Handed, handIn, type SimNode, type Watcher } from '@rollcall/simulator'
import type { MemoryMesh } from '@rollcall/testkit'
import type { Scene } from './scene.ts'

interface Asked {
  readonly protocol: MeshProtocol
  readonly body: Uint8Array
  readonly answer: Uint8Array
}

/** Keeps every message of gossip, and every request between nodes with its answer. */
export class Archive implements Watcher {
  readonly messages: { readonly topic: Topic; readonly bytes: Uint8Array }[] = []
  readonly asked: Asked[] = []
  #isOpen = true

  constructor(scene: Scene) {
    scene.world.watch(this)
  }

  published(_node: SimNode, topic: Topic, message: Uint8Array): void {
    if (this.#isOpen) this.messages.push({ topic, bytes: message.slice() })
  }

  answered(_node: SimNode, protocol: MeshProtocol, body: Uint8Array, answer: Uint8Array): void {
    if (this.#isOpen && !isFilter(protocol)) this.asked.push({ protocol, body: body.slice(), answer: answer.slice() })
  }

  close(): void {
    this.#isOpen = false
  }
}

/** Filters hold no entries. */
const isFilter = (protocol: MeshProtocol): boolean => protocol === '/rollcall/filter/1'

const REQUEST = { timeoutMs: 2_000, maxResponseBytes: 10_000_000 }

/**
 * A member of the mesh with a key of its own that says the past again, to every node: each message of gossip, each request
 * of a sync, each answer where it is asked for one of that kind and as entries pushed to it, and each request of an owner.
 */
export class Replayer {
  readonly #scene: Scene
  readonly #archive: Archive
  readonly #mesh: MemoryMesh
  /** Old answers by what they answered, each given once. */
  readonly #answers = new Map<string, Uint8Array[]>()
  told = 0

  constructor(scene: Scene, archive: Archive) {
    this.#scene = scene
    this.#archive = archive
    const { keys, network, nodes } = scene.world
    const nodeId = nodeIdOf(keys.signer('replayer').publicKey)
    const join = nodes.map(({ name }) => `/memory/${name}`)
    this.#mesh = network.createMesh({ nodeId, name: 'replayer', join })
  }

  /** Joins the mesh: from now on it answers whatever it is asked with what was answered in the past. */
  begin(): void {
    for (const { protocol, body, answer } of this.#archive.asked) {
      const key = keyOf(protocol, body)
      this.#answers.set(key, [...(this.#answers.get(key) ?? []), answer])
    }
    void this.#mesh.start({
      onMessage: () => Promise.resolve('accept'),
      onRequest: (protocol, body) => {
        const answer = this.#answers.get(keyOf(protocol, body))?.shift()
        if (answer === undefined) return Promise.reject(new Error('nothing is left to say'))
        this.told++
        return Promise.resolve(answer)
      },
      onPeerConnected: () => undefined,
      onPeerDisconnected: () => undefined,
    })
  }

  end(): void {
    void this.#mesh.stop()
  }

  /** Says everything to everybody, the requests of owners that bear a time included. */
  async sayAll(): Promise<void> {
    for (const { topic, bytes } of this.#archive.messages) this.#mesh.publish(topic, bytes)
    this.told += this.#archive.messages.length
    for (const peer of this.#mesh.connectedPeers()) {
      for (const { protocol, body, answer } of this.#archive.asked) {
        this.#ask(peer, protocol, body)
        if (kindOf(answer) === 'deltas') this.#ask(peer, '/rollcall/sync/1', answer)
      }
      await this.#scene.pass(20)
    }
  }

  /** Hands the old requests of owners to every node; what a node answers is told to nobody. */
  async handInAll(requests: readonly Handed[]): Promise<string[]> {
    const answers: string[] = []
    for (const { id, act } of requests) {
      for (const node of this.#scene.world.nodes) {
        const answer = await this.#scene.world.until(handIn(node, id, act))
        if (typeof answer !== 'symbol') answers.push(answer.ok ? `${act.kind} ok` : answer.code)
      }
    }
    return answers
  }

  #ask(peer: Parameters<MemoryMesh['request']>[0], protocol: MeshProtocol, body: Uint8Array): void {
    this.told++
    this.#mesh.request(peer, protocol, body, REQUEST).catch((error: unknown) => {
      if (!(error instanceof MeshError)) throw error
    })
  }
}

const keyOf = (protocol: MeshProtocol, body: Uint8Array): string => `${protocol} ${kindOf(body)}`

/** The name of a message of a sync: a CBOR array that begins with a short text. */
const kindOf = (bytes: Uint8Array): string => {
  const length = (bytes[1] ?? 0) & 0x1f
  return (bytes[1] ?? 0) >> 5 === 3 ? Buffer.from(bytes.subarray(2, 2 + length)).toString('latin1') : ''
}
