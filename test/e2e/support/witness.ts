/**
 * What every node tells of transitions: its event feed, followed from the first event it holds on, through its restarts
 * too. A flicker that lasts a millisecond is in a feed, while no poll of a search would see it.
 */
import assert from 'node:assert/strict'
import { RollcallClient, type TransitionEvent } from '@rollcall/client'
import type { NodeProcess } from './node-process.ts'

export interface Seen {
  /** Name of the node that told. */
  readonly node: string
  readonly type: string
  readonly entityId: string
  readonly from: string
  readonly to: string
  readonly reason: string
  /** When it came, on the monotonic clock of this process. */
  readonly atMs: number
}

export class Witness {
  readonly seen: Seen[] = []
  readonly #ends = new AbortController()
  readonly #feeds: Promise<void>[] = []

  constructor(nodes: readonly NodeProcess[]) {
    for (const node of nodes) this.watch(node)
  }

  watch(node: NodeProcess): void {
    this.#feeds.push(this.#follow(node))
  }

  /** Transitions of these entities, of one kind if given, in the order in which they came. */
  of(ids: Iterable<string>, type?: string): Seen[] {
    const wanted = new Set(ids)
    return this.seen.filter((one) => wanted.has(one.entityId) && (type === undefined || one.type === type))
  }

  /** Fails where a node, or one of those named, ever showed one of these entities inactive. */
  neverInactive(ids: Iterable<string>, names?: readonly string[]): void {
    const fallen = this.of(ids, 'inactive').filter(({ node }) => names?.includes(node) ?? true)
    assert.deepEqual(fallen, [], `${fallen.length} transitions to inactive`)
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await Promise.all(this.#feeds)
  }

  async #follow(node: NodeProcess): Promise<void> {
    // Quick to come back: a node that restarts is watched from the moment it serves.
    const random = { next: () => 0.05, bytes: (length: number) => new Uint8Array(length) }
    const client = new RollcallClient({ registries: [node.url], random })
    // A cursor that no run has issued: the node tells of a gap, and then everything it holds.
    for await (const event of client.watch({ since: '0-0', signal: this.#ends.signal })) {
      if (event.type !== 'gap') this.seen.push(seen(node.name, event))
    }
  }
}

const seen = (node: string, event: TransitionEvent): Seen => ({
  node,
  type: event.type,
  entityId: event.entity_id ?? '',
  from: String(event.from),
  to: String(event.to),
  reason: String(event.reason),
  atMs: performance.now(),
})
