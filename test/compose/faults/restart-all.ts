/** All nodes down at once, and up again in another order. */

import assert from 'node:assert/strict'
import { NODES } from '../nodes.ts'
import { seconds } from '../seconds.ts'
import type { World } from '../world.ts'

const RESTART_MS = 90_000
const TRUE_MS = 30_000

/** Resolves with how soon everything acknowledged was on every node again. */
export async function restartAll(world: World): Promise<string> {
  await world.settled()
  const beating = await world.crowd('survivor', 6, 'node-c')
  const resting = await world.crowd('sleeper', 3, 'node-b')
  const ended = await world.crowd('ended before', 3, 'node-a')
  await world.allHeard()
  for (const agent of resting) await agent.rest()
  for (const agent of ended) await agent.end(world.compose.url('node-c'))
  await world.settled()
  const sinceMs = Date.now()

  const containers = await Promise.all(NODES.map((node) => world.compose.container(node)))
  await world.compose.docker(['kill', ...containers])
  await world.compose.docker(['start', ...containers.reverse()])
  const killed = await recovered(world)
  await world.compose.run(['restart', '-t', '30', ...NODES], RESTART_MS)
  const restarted = await recovered(world)

  const ids = beating.map(({ id }) => id)
  assert.deepEqual(world.feeds.fallen(ids, { nodes: NODES, sinceMs }), [], 'agents that beat were shown inactive')
  return `true again ${killed} after all were killed, ${restarted} after all were restarted`
}

async function recovered(world: World): Promise<string> {
  const startMs = performance.now()
  await world.ready(NODES)
  await world.equal(TRUE_MS)
  await world.truthful(TRUE_MS)
  return seconds(performance.now() - startMs)
}
