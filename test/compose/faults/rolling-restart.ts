/** One node after the other restarted, as for a new version, while agents beat. */

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { NODES } from '../nodes.ts'
import { seconds } from '../seconds.ts'
import type { World } from '../world.ts'

const RESTART_MS = 60_000

/** Resolves with how long each node was away. */
export async function rollingRestart(world: World, thresholdMs: number): Promise<string> {
  await world.settled()
  const crowds = [
    await world.crowd('rolling a', 7, 'node-a'),
    await world.crowd('rolling b', 7, 'node-b'),
    await world.crowd('rolling c', 6, 'node-c'),
  ]
  await world.settled()
  const sinceMs = Date.now()
  const away: string[] = []
  for (const node of NODES) {
    const startMs = performance.now()
    await world.compose.run(['restart', '-t', '30', node], RESTART_MS)
    await world.ready([node])
    away.push(seconds(performance.now() - startMs))
  }
  // A deadline that the last restart set wrongly has passed by then.
  await delay(thresholdMs)
  await world.settled()
  const ids = crowds.flat().map(({ id }) => id)
  assert.deepEqual(world.feeds.fallen(ids, { nodes: NODES, sinceMs }), [], 'agents that beat were shown inactive')
  return `away for ${away.join(', ')}; none of ${ids.length} agents fell`
}
