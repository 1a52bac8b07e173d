/** An agent of the faults: what was acknowledged to it, and so must hold on every node. */

import { HeartbeatSession, RollcallClient, RollcallError } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { ZyndAgent } from '../e2e/support/zynd-agent.ts'
import { PinnedBeats } from './pinned-beats.ts'

interface Beats {
  /** Whether a node has taken one over the connection that now is. */
  readonly areHeard: boolean
  stop(): Promise<void>
}

export class Agent {
  readonly name: string
  readonly id: string
  readonly #zynd: ZyndAgent
  /** What the newest acknowledged write set. */
  #summary: string
  #isEnded = false
  #beats: Beats | undefined

  private constructor(zynd: ZyndAgent, summary: string) {
    this.#zynd = zynd
    this.name = zynd.name
    this.id = zynd.id
    this.#summary = summary
  }

  /** Resolves once the node at `url` has acknowledged it. */
  static async register(name: string, url: string): Promise<Agent> {
    const zynd = new ZyndAgent(name)
    const summary = `Registered at ${url}.`
    const client = new RollcallClient({ registries: [url], signer: zynd.signer })
    await client.register({ name, entity_url: 'http://127.0.0.1:5000', category: 'fault', summary })
    return new Agent(zynd, summary)
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get isBeating(): boolean {
    return this.#beats !== undefined && !this.#isEnded
  }

  /** Whether it knows one node only, and falls silent without a goodbye. */
  get isPinned(): boolean {
    return this.#beats instanceof PinnedBeats
  }

  /** Whether a node has taken a beat of it over the connection that now is. */
  get isHeard(): boolean {
    return this.#beats?.areHeard === true
  }

  async update(url: string, summary: string): Promise<void> {
    await this.#client(url).update(this.id, { summary })
    this.#summary = summary
  }

  async end(url: string): Promise<void> {
    await this.#client(url).deregister(this.id)
    this.#isEnded = true
  }

  /** Beats by the SDK at the first of these nodes that serves, and at another when that one fails. */
  beat(urls: readonly string[]): void {
    this.#beats = new SessionBeats(this.#zynd, urls)
  }

  /** Beats in Zynd's form at this one node, whatever becomes of it. */
  beatOnlyAt(url: string, intervalMs: number): void {
    this.#beats = new PinnedBeats(this.#zynd, url, intervalMs)
  }

  /** Ends the beats; with the SDK also by a goodbye. */
  async rest(): Promise<void> {
    await this.#beats?.stop()
    this.#beats = undefined
  }

  /** How the node at `url` contradicts what was acknowledged; undefined where it does not. */
  async contradiction(url: string): Promise<string | undefined> {
    const shown = await this.shownAt(url)
    if (this.#isEnded) return shown === 'entity_deregistered' ? undefined : `${this.name} is ended, not ${say(shown)}`
    if (typeof shown === 'string') return `${this.name} is registered, not ${shown}`
    const status = this.isBeating ? 'active' : 'inactive'
    if (shown.status !== status) return `${this.name} is ${status}, not ${shown.status}`
    if (shown.summary !== this.#summary) return `${this.name} says "${this.#summary}", not "${shown.summary}"`
    return undefined
  }

  /** What the node itself holds, or the code of its refusal. */
  async shownAt(url: string): Promise<{ readonly status: string; readonly summary: string } | string> {
    try {
      const { status, summary = '' } = await this.#client(url).get(this.id, { consistency: 'local' })
      return { status, summary }
    } catch (error) {
      if (error instanceof RollcallError && error.code !== 'unreachable') return error.code
      throw error
    }
  }

  #client(url: string): RollcallClient {
    return new RollcallClient({ registries: [url], signer: this.#zynd.signer })
  }
}

class SessionBeats implements Beats {
  readonly #session: HeartbeatSession
  areHeard = false

  constructor({ signer }: ZyndAgent, urls: readonly string[]) {
    this.#session = new HeartbeatSession({ registries: urls, entities: [{ signer }], WebSocket: nodeWebSocket })
    this.#session.on('acked', () => {
      this.areHeard = true
    })
    this.#session.on('closed', () => {
      this.areHeard = false
    })
    this.#session.start()
  }

  stop(): Promise<void> {
    return this.#session.stop()
  }
}

const say = (shown: { readonly status: string } | string): string => (typeof shown === 'string' ? shown : shown.status)
