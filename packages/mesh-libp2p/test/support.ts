import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Log, Random } from '@rollcall/core'
import { createMesh, type LibP2pMesh, type MeshInit } from '@rollcall/mesh-libp2p'
import { type ComplianceNode, CountingMetrics, complianceNode } from '@rollcall/testkit'

/** The operating system's clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => new Uint8Array(randomBytes(length)),
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
}

export const LOOPBACK = '/ip4/127.0.0.1/tcp/0/ws'

/** A seed of its own for each number. */
export const seed = (n: number): Uint8Array => new Uint8Array(32).fill(n)

/** Waits for `condition` until a deadline, looking every 10 ms. */
export const until = async (what: string, condition: () => boolean, deadlineMs = 15_000): Promise<void> => {
  const endMs = performance.now() + deadlineMs
  while (!condition()) {
    assert.ok(performance.now() < endMs, `within ${deadlineMs} ms: ${what}`)
    await sleep(10)
  }
}

export interface TestNode extends ComplianceNode {
  readonly mesh: LibP2pMesh
  readonly metrics: CountingMetrics
}

/** A mesh with handlers that take notes, not yet started. */
export const makeNode = async (
  init: Partial<MeshInit> & { readonly privateKeySeed: Uint8Array },
): Promise<TestNode> => {
  const metrics = new CountingMetrics()
  const mesh = await createMesh({
    listen: [LOOPBACK],
    announce: [],
    join: [],
    allowPeers: [],
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics,
    ...init,
  })
  const dropped = (reason: string) => metrics.counted('dropped_total', { queue: 'mesh', reason })
  const node = complianceNode({ mesh, dropped })
  return Object.assign(node, { mesh, metrics })
}

/** The nodes of one test: makes, starts and, at the end, stops them. */
export class Nodes {
  readonly #nodes: TestNode[] = []

  async start(init: Partial<MeshInit> & { readonly privateKeySeed: Uint8Array }): Promise<TestNode> {
    const node = await makeNode(init)
    this.#nodes.push(node)
    await node.mesh.start(node.handlers)
    return node
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(({ mesh }) => mesh.stop()))
  }
}
