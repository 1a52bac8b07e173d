/** A node that is killed, and one that is suspended. */

import assert from 'node:assert/strict'
import type { Agent } from '../agent.ts'
import { NODES, type NodeName } from '../nodes.ts'
import { seconds } from '../seconds.ts'
import { until } from '../view.ts'
import type { World } from '../world.ts'

const NODE = 'node-a'
const PEERS: readonly NodeName[] = ['node-b', 'node-c']
/** From serving again to true everywhere: one beat of each entity, and a sync. */
const BACK_MS = 10_000

interface Crowd {
  /** Beat at another node as soon as theirs fails. */
  readonly faithful: readonly Agent[]
  /** Know no other node. */
  readonly pinned: readonly Agent[]
}

/** Killed and started at once: nobody falls, nothing acknowledged is lost. Resolves with how long that took. */
export async function killedBriefly(world: World): Promise<string> {
  const { faithful, pinned } = await crowds(world, 'brief')
  const sinceMs = Date.now()
  const container = await world.compose.container(NODE)
  const last = await world.register('registered before the kill', NODE)
  await faithful[0]?.update(world.compose.url(NODE), 'Changed before the kill.')
  await faithful[1]?.end(world.compose.url(NODE))
  await world.compose.docker(['kill', container])
  await world.compose.docker(['start', container])
  const back = await isBack(world)
  assert.notEqual(await last.shownAt(world.compose.url(NODE)), 'entity_not_found')
  const ids = [...faithful, ...pinned].map(({ id }) => id)
  assert.deepEqual(world.feeds.fallen(ids, { nodes: NODES, sinceMs }), [], 'agents that beat were shown inactive')
  return `true everywhere ${back} after its start`
}

/** Killed for longer than the threshold: whoever beats elsewhere never falls there; the others are back with their next beat. */
export async function killedForLong(world: World, thresholdMs: number): Promise<string> {
  const { faithful, pinned } = await crowds(world, 'killed')
  const sinceMs = Date.now()
  const container = await world.compose.container(NODE)
  await world.compose.docker(['kill', container])
  const fell = await haveFallen(world, pinned, thresholdMs)
  await world.compose.docker(['start', container])
  const back = await isBack(world)
  neverFell(world, faithful, { nodes: PEERS, sinceMs })
  return `${pinned.length} that knew only this node fell ${fell} after the kill; true everywhere ${back} after its start`
}

/** Suspended for longer than the threshold: nobody dies on the node that slept (L4), whatever its peers concluded (L6). */
export async function paused(world: World, thresholdMs: number): Promise<string> {
  const { faithful, pinned } = await crowds(world, 'paused')
  const sinceMs = Date.now()
  const container = await world.compose.container(NODE)
  await world.compose.docker(['pause', container])
  let fell: string
  try {
    fell = await haveFallen(world, pinned, thresholdMs)
  } finally {
    await world.compose.docker(['unpause', container])
  }
  const back = await isBack(world)
  neverFell(world, faithful, { nodes: NODES, sinceMs })
  neverFell(world, pinned, { nodes: [NODE], sinceMs })
  return `${pinned.length} that knew only this node fell ${fell} into the pause; true everywhere ${back} after it`
}

async function crowds(world: World, name: string): Promise<Crowd> {
  await world.settled()
  const faithful = await world.crowd(`${name} faithful`, 6, NODE)
  const pinned = await world.pinned(`${name} pinned`, 4, NODE)
  await world.settled()
  return { faithful, pinned }
}

/** Waits until the peers have given up the node, and show its entities inactive. */
async function haveFallen(world: World, pinned: readonly Agent[], thresholdMs: number): Promise<string> {
  const tookMs = await until(2 * thresholdMs + 10_000, async () => {
    for (const peer of PEERS) {
      for (const agent of pinned) {
        const shown = await agent.shownAt(world.compose.url(peer))
        if (typeof shown === 'string' || shown.status !== 'inactive') return `${peer} shows ${agent.name} otherwise`
      }
    }
    return true
  })
  return seconds(tookMs)
}

async function isBack(world: World): Promise<string> {
  const startMs = performance.now()
  await world.ready(NODES)
  const readyMs = performance.now()
  await world.truthful(BACK_MS)
  await world.equal(BACK_MS - (performance.now() - readyMs))
  const back = seconds(performance.now() - startMs)
  await world.settled()
  return back
}

function neverFell(
  world: World,
  agents: readonly Agent[],
  where: { readonly nodes: readonly NodeName[]; readonly sinceMs: number },
): void {
  const ids = agents.map(({ id }) => id)
  assert.deepEqual(world.feeds.fallen(ids, where), [], 'agents that beat were shown inactive')
}
