/** Three running nodes for a file of tests, and what is asked of all of them. */
import assert from 'node:assert/strict'
import { Cluster, FAST } from '../../e2e/support/node-process.ts'
import { until } from '../../e2e/support/wait.ts'
import { fetchCall, type Reply } from './http.ts'
import { stopAll } from './sdk.ts'

export class Nodes {
  readonly cluster: Cluster

  private constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  static async start(size = 3, settings: readonly string[] = []): Promise<Nodes> {
    return new Nodes(await Cluster.start(size, [...FAST, ...settings]))
  }

  get urls(): readonly string[] {
    return this.cluster.nodes.map((node) => node.url)
  }

  /** The first node; most tests need no other. */
  get url(): string {
    return this.urlOf(0)
  }

  urlOf(index: number): string {
    return this.urls[index] ?? assert.fail(`there is no node ${index}`)
  }

  /** Ends the nodes, and every agent that would go on calling them. */
  stop(): Promise<void> {
    stopAll()
    return this.cluster.stop()
  }

  get(id: string, url = this.url): Promise<Reply> {
    return fetchCall(`${url}/v1/entities/${encodeURIComponent(id)}`)
  }

  /** Waits until every node answers for this entity as it should. */
  async everywhere(what: string, id: string, holds: (reply: Reply) => boolean, ms = 5_000): Promise<void> {
    await until(ms, `${what} everywhere`, async () => {
      const replies = await Promise.all(this.urls.map((url) => this.get(id, url)))
      return replies.every(holds)
    })
  }

  status(id: string, status: 'active' | 'inactive', ms = 5_000): Promise<void> {
    return this.everywhere(status, id, ({ body }) => body.status === status, ms)
  }
}
