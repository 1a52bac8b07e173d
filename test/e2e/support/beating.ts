/** Agents that beat by themselves until told to stop, and count what was acknowledged. */
import { HeartbeatSession } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { WebSocket } from 'ws'
import { zyndFrame } from './dialects.ts'
import type { NodeProcess } from './node-process.ts'
import { until } from './wait.ts'
import type { ZyndAgent } from './zynd-agent.ts'

export interface Beating {
  readonly agent: ZyndAgent
  /** Beats acknowledged so far. */
  readonly acks: number
  /** Falls silent without a goodbye. */
  stop(): Promise<void>
}

/** Twice a second, because Zynd's timestamps have whole seconds: one of the two is new in every second. */
const PIN_MS = 500

/** Speaks Zynd's form to one node and knows no other; comes back as soon as that one serves again. */
export class Pinned implements Beating {
  readonly agent: ZyndAgent
  acks = 0
  readonly #node: NodeProcess
  readonly #timer: NodeJS.Timeout
  #socket: WebSocket | undefined

  constructor(agent: ZyndAgent, node: NodeProcess) {
    this.agent = agent
    this.#node = node
    this.#timer = setInterval(() => this.#beat(), PIN_MS)
    this.#beat()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#socket?.terminate()
  }

  #beat(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(zyndFrame(this.agent, { timeMs: Date.now() }))
    if (this.#socket !== undefined) return
    const url = `${this.#node.url.replace('http', 'ws')}/v1/entities/${this.agent.id}/ws?ack=1`
    const socket = new WebSocket(url, { perMessageDeflate: false })
    this.#socket = socket
    socket.on('open', () => this.#beat())
    socket.on('message', (data) => {
      if (JSON.parse(String(data)).type === 'ack') this.acks++
    })
    // The close that follows is what counts.
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#socket = undefined
    })
  }
}

/** Speaks the native form through the SDK, and fails over. */
export class Faithful implements Beating {
  readonly agent: ZyndAgent
  readonly session: HeartbeatSession
  acks = 0

  constructor(agent: ZyndAgent, urls: readonly string[]) {
    this.agent = agent
    this.session = new HeartbeatSession({ registries: urls, entities: [agent], WebSocket: nodeWebSocket })
    this.session.on('acked', () => this.acks++)
    this.session.start()
  }

  stop(): Promise<void> {
    return this.session.stop({ goodbye: false })
  }
}

/** Leaves each node after a few beats for the next one, with a new session each time. */
export class Roamer implements Beating {
  readonly agent: ZyndAgent
  acks = 0
  /** Changes of node so far. */
  moves = 0
  readonly #urls: readonly string[]
  readonly #stay: number
  #ends = false
  readonly #done: Promise<void>

  constructor(agent: ZyndAgent, urls: readonly string[], stay: number) {
    this.agent = agent
    this.#urls = urls
    this.#stay = stay
    this.#done = this.#roam()
  }

  async stop(): Promise<void> {
    this.#ends = true
    await this.#done
  }

  async #roam(): Promise<void> {
    while (!this.#ends) {
      const first = this.moves % this.#urls.length
      const visit = new Faithful(this.agent, [...this.#urls.slice(first), ...this.#urls.slice(0, first)])
      visit.session.on('acked', () => this.acks++)
      await until(60_000, 'the beats of a stay', async () => this.#ends || visit.acks >= this.#stay)
      await visit.stop()
      this.moves++
    }
  }
}

/** Resolves once each of them has `count` more acknowledged beats than now. */
export const moreBeats = async (beating: readonly Beating[], count: number): Promise<void> => {
  const goals = beating.map(({ acks }) => acks + count)
  await until(20_000 + 1_000 * count, `${count} more beats of each`, async () =>
    beating.every(({ acks }, at) => acks >= (goals[at] ?? 0)),
  )
}
