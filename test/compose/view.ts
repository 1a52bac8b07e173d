/** What a node says to somebody on the host. */

import { setTimeout as delay } from 'node:timers/promises'

const ASK_MS = 2_000
const POLL_MS = 200

interface ClusterNode {
  readonly name: string
  readonly id: string
  readonly isSelf: boolean
  readonly digest: string
}

export interface ClusterAnswer {
  readonly converged: boolean
  readonly reasons: readonly string[]
  readonly nodes: readonly ClusterNode[]
}

/**
 * Asks again until the answer is `true`. Resolves with the milliseconds it took; rejects after `withinMs` with what the
 * last answer was instead.
 */
export async function until(withinMs: number, look: () => Promise<true | string>): Promise<number> {
  const startMs = performance.now()
  for (;;) {
    const seen = await look().catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
    const tookMs = performance.now() - startMs
    if (seen === true) return tookMs
    if (tookMs > withinMs) throw new Error(`not within ${withinMs / 1000} s; last: ${seen}`)
    await delay(POLL_MS)
  }
}

export async function clusterOf(url: string): Promise<ClusterAnswer> {
  const { converged, reasons, nodes } = await askJson(`${url}/v1/cluster`)
  const listed = Array.isArray(nodes) ? nodes : []
  return {
    converged: converged === true,
    reasons: Array.isArray(reasons) ? reasons.map(String) : [],
    nodes: listed.map(({ name, node_id, self, digest }) => ({
      name: String(name),
      id: String(node_id),
      isSelf: self === true,
      digest: String(digest),
    })),
  }
}

/** The digest of what the node itself holds. */
export async function digestOf(url: string): Promise<string> {
  const own = (await clusterOf(url)).nodes.find(({ isSelf }) => isSelf)
  if (own === undefined) throw new Error(`${url} does not name itself`)
  return own.digest
}

/** `true` where the node serves, else why it does not. */
export async function readiness(url: string): Promise<true | string> {
  const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(ASK_MS) })
  return answer.ok || `${answer.status} ${await answer.text()}`
}

export async function nodeIdOf(url: string): Promise<string> {
  return String((await askJson(`${url}/v1/info`)).node_id)
}

/** Names of the active entities of the demo, as this node finds them. */
export async function activeAgents(url: string): Promise<string[]> {
  return (await demoEntities(url)).map(({ name }) => String(name))
}

/** Ids of the nodes that attend them. */
export async function attendantsOf(url: string): Promise<string[]> {
  return (await demoEntities(url)).map(({ attendant }) => String(attendant))
}

async function demoEntities(url: string): Promise<Record<string, unknown>[]> {
  const { results } = await askJson(`${url}/v1/search?tag=demo&status=active`)
  return Array.isArray(results) ? results : []
}

async function askJson(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  const body: unknown = await answer.json()
  if (typeof body !== 'object' || body === null) throw new Error(`${url} answered no object`)
  return { ...body }
}
