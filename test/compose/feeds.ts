/**
 * What every node tells of transitions: its event feed, followed from the first event it holds on, through its restarts
 * too. A flicker that lasts a millisecond is in a feed, while no poll of a search would see it.
 */

import { RollcallClient, type TransitionEvent } from '@rollcall/client'
import type { NodeName } from './nodes.ts'

interface Told {
  readonly node: NodeName
  readonly entityId: string
  readonly name: string
  readonly reason: string
  /** When it happened, by the clock of the node. */
  readonly atMs: number
}

export class Feeds {
  readonly #fallen: Told[] = []
  readonly #ends = new AbortController()
  readonly #following: Promise<void>[] = []
  #failure: { readonly error: unknown } | undefined

  follow(node: NodeName, url: string): void {
    const failed = (error: unknown): void => {
      this.#failure ??= { error }
    }
    this.#following.push(this.#follow(node, url).catch(failed))
  }

  /** Every transition to inactive of these entities since then, one sentence each. @throws where a feed has failed. */
  fallen(ids: Iterable<string>, where: { readonly nodes: readonly NodeName[]; readonly sinceMs: number }): string[] {
    if (this.#failure !== undefined) throw this.#failure.error
    const wanted = new Set(ids)
    return this.#fallen
      .filter(({ node, entityId, atMs }) => wanted.has(entityId) && where.nodes.includes(node) && atMs >= where.sinceMs)
      .map(({ node, name, reason, atMs }) => `${node}: ${name} inactive at ${new Date(atMs).toISOString()} (${reason})`)
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await Promise.all(this.#following)
  }

  async #follow(node: NodeName, url: string): Promise<void> {
    // Quick to come back: a node that restarts is watched from the moment it serves.
    const random = { next: () => 0.05, bytes: (length: number) => new Uint8Array(length) }
    const client = new RollcallClient({ registries: [url], random })
    // A cursor that no run has issued: the node tells of a gap, and then everything it holds.
    for await (const event of client.watch({ since: '0-0', signal: this.#ends.signal })) {
      if (event.type === 'inactive') this.#fallen.push(told(node, event))
    }
  }
}

const told = (node: NodeName, event: TransitionEvent): Told => ({
  node,
  entityId: event.entity_id ?? '',
  name: String(event.name),
  reason: String(event.reason),
  atMs: Date.parse(String(event.at)),
})
