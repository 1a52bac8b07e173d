/** What a node says of itself and of the cluster. */
import assert from 'node:assert/strict'
import { call } from './zynd-agent.ts'

export interface NodeLine {
  readonly node_id: string
  readonly self: boolean
  readonly state: 'heard' | 'suspect' | 'gone'
  readonly ready: boolean
  readonly digest: string
  readonly entities: {
    readonly active: number
    readonly inactive: number
    readonly tombstones: number
    readonly graves: number
  }
}

/** Every node as the one at `url` sees it. */
export const nodesOf = async (url: string): Promise<readonly NodeLine[]> => {
  const { status, body } = await call(`${url}/v1/cluster`)
  assert.equal(status, 200, JSON.stringify(body))
  return Array.isArray(body.nodes) ? body.nodes : []
}

export const selfOf = async (url: string): Promise<NodeLine> =>
  (await nodesOf(url)).find((node) => node.self) ?? assert.fail(`${url} does not name itself`)

/** How the node at `url` sees the node with this id. */
export const stateOf = async (url: string, nodeId: string): Promise<NodeLine['state'] | undefined> =>
  (await nodesOf(url)).find((node) => node.node_id === nodeId)?.state

/** Whether these nodes hold the same (S1a). */
export const areEqual = async (urls: readonly string[]): Promise<boolean> => {
  const digests = await Promise.all(urls.map(async (url) => (await selfOf(url)).digest))
  return new Set(digests).size === 1
}

/** Whether the node at `url` finds that all `size` nodes agree. One that has not heard of the others yet agrees with itself. */
export const hasConverged = async (url: string, size: number): Promise<boolean> => {
  const { body } = await call(`${url}/v1/cluster`)
  return body.converged === true && Array.isArray(body.nodes) && body.nodes.length === size
}
