/** What the faults work on, one after the other: the nodes, every agent so far, and what the nodes told of them. */

import { Agent } from './agent.ts'
import type { Compose } from './compose.ts'
import { Feeds } from './feeds.ts'
import { NODES, type NodeName } from './nodes.ts'
import { clusterOf, digestOf, readiness, until } from './view.ts'

const SETTLE_MS = 60_000
/** The longest backoff of the client. */
const HEARD_MS = 60_000
/** Zynd's timestamps have whole seconds: a second beat within one would be a duplicate. */
const PINNED_INTERVAL_MS = 1_000

export class World {
  readonly compose: Compose
  readonly feeds: Feeds = new Feeds()
  readonly #agents: Agent[] = []

  constructor(compose: Compose) {
    this.compose = compose
    for (const node of NODES) this.feeds.follow(node, compose.url(node))
  }

  get agents(): readonly Agent[] {
    return this.#agents
  }

  /** All nodes, from this one on. */
  urlsFrom(node: NodeName): string[] {
    const start = NODES.indexOf(node)
    return [...NODES.slice(start), ...NODES.slice(0, start)].map((name) => this.compose.url(name))
  }

  /** A new agent, registered at this node. */
  async register(name: string, node: NodeName): Promise<Agent> {
    const agent = await Agent.register(name, this.compose.url(node))
    this.#agents.push(agent)
    return agent
  }

  /** So many new agents, registered at this node and beating there with the SDK. */
  async crowd(name: string, count: number, node: NodeName): Promise<Agent[]> {
    const crowd: Agent[] = []
    for (let number = 0; number < count; number++) crowd.push(await this.register(`${name} ${number}`, node))
    for (const agent of crowd) agent.beat(this.urlsFrom(node))
    return crowd
  }

  /** So many new agents, registered at this node and beating there in Zynd's form, whatever becomes of the node. */
  async pinned(name: string, count: number, node: NodeName): Promise<Agent[]> {
    const pinned: Agent[] = []
    for (let number = 0; number < count; number++) pinned.push(await this.register(`${name} ${number}`, node))
    for (const agent of pinned) agent.beatOnlyAt(this.compose.url(node), PINNED_INTERVAL_MS)
    return pinned
  }

  /** Waits until these nodes serve. */
  async ready(nodes: readonly NodeName[], withinMs: number = SETTLE_MS): Promise<void> {
    await until(withinMs, async () => {
      for (const node of nodes) {
        const answer = await readiness(this.compose.url(node))
        if (answer !== true) return `${node}: ${answer}`
      }
      return true
    })
  }

  /** Waits until every agent that beats is connected, and heard. */
  async allHeard(): Promise<void> {
    await until(HEARD_MS, async () => {
      const unheard = this.#agents.filter((agent) => agent.isBeating && !agent.isHeard)
      return unheard.length === 0 || `not heard yet: ${unheard.map(({ name }) => name).join(', ')}`
    })
  }

  /** Waits until the nodes hold the same. Resolves with the milliseconds it took. */
  equal(withinMs: number): Promise<number> {
    return until(withinMs, async () => {
      const digests = await Promise.all(NODES.map((node) => digestOf(this.compose.url(node))))
      return new Set(digests).size === 1 || `digests ${digests.map((digest) => digest.slice(0, 6)).join(', ')}`
    })
  }

  /** Waits until every node says that the nodes hold the same. Resolves with the milliseconds it took. */
  converged(withinMs: number): Promise<number> {
    return until(withinMs, async () => {
      for (const node of NODES) {
        const { converged, reasons } = await clusterOf(this.compose.url(node))
        if (!converged) return `${node}: ${reasons.join('; ')}`
      }
      return true
    })
  }

  /** Waits until no node contradicts what was acknowledged to any agent. Resolves with the milliseconds it took. */
  truthful(withinMs: number): Promise<number> {
    return until(withinMs, async () => {
      const found = (await Promise.all(NODES.map((node) => this.#contradictionsAt(node)))).flat()
      return found.length === 0 || `${found.length} contradictions: ${found.slice(0, 5).join('; ')}`
    })
  }

  /** Waits until everything is as it should be before a fault. */
  async settled(): Promise<void> {
    await this.allHeard()
    await this.converged(SETTLE_MS)
    await this.truthful(SETTLE_MS)
  }

  /** Ends the beats of all agents that can say goodbye: their entities are inactive from then on. */
  async retire(): Promise<void> {
    await this.allHeard()
    await Promise.all(this.#agents.filter(({ isPinned }) => !isPinned).map((agent) => agent.rest()))
  }

  /** Ends everything that this test does by itself. */
  async stop(): Promise<void> {
    await Promise.all([this.feeds.stop(), ...this.#agents.map((agent) => agent.rest())])
  }

  async #contradictionsAt(node: NodeName): Promise<string[]> {
    const found: string[] = []
    for (const agent of this.#agents) {
      const contradiction = await agent.contradiction(this.compose.url(node))
      if (contradiction !== undefined) found.push(`${node}: ${contradiction}`)
    }
    return found
  }
}
