/** A node that goes on with an old copy of its disk. */

import assert from 'node:assert/strict'
import { NODES } from '../nodes.ts'
import { seconds } from '../seconds.ts'
import type { World } from '../world.ts'

const NODE = 'node-c'
const COPY = 'old-copy'
const STEP_MS = 60_000
/** From started to equal. */
const PROMISE_MS = 10_000

/** Resolves with how soon the node was equal. */
export async function oldCopy(world: World): Promise<string> {
  const { compose } = world
  await world.settled()
  const agents = await world.crowd('copied', 9, NODE)
  await world.settled()
  await compose.run(['stop', '-t', '30', NODE], STEP_MS)
  await compose.onVolumes({ '/data': NODE, '/copy': COPY }, 'cp -a /data/. /copy')
  await compose.run(['start', NODE], STEP_MS)
  await world.ready(NODES)
  await world.settled()

  for (const agent of agents.slice(0, 3)) await agent.end(compose.url('node-a'))
  for (const agent of agents.slice(3, 6)) await agent.update(compose.url('node-b'), 'Changed after the copy.')
  // Stamps that the copy does not know of and that its node issued: it must not issue them again.
  for (const agent of agents.slice(6, 8)) await agent.update(compose.url(NODE), `Changed at ${NODE} after the copy.`)
  await agents[8]?.rest()
  await world.crowd('after the copy', 2, NODE)
  await world.settled()
  const sinceMs = Date.now()

  await compose.run(['stop', '-t', '30', NODE], STEP_MS)
  await compose.onVolumes({ '/data': NODE, '/copy': COPY }, 'rm -rf /data/* && cp -a /copy/. /data')
  await compose.run(['start', NODE], STEP_MS)
  const startMs = performance.now()
  const left = (): number => PROMISE_MS - (performance.now() - startMs)
  await world.ready(NODES, left())
  await world.equal(left())
  const equal = seconds(performance.now() - startMs)
  await world.truthful(left())

  for (const agent of agents.slice(3, 8))
    await agent.update(compose.url(NODE), 'Changed at the node with the old copy.')
  await world.settled()
  const ids = world.agents.filter(({ isBeating }) => isBeating).map(({ id }) => id)
  assert.deepEqual(world.feeds.fallen(ids, { nodes: NODES, sinceMs }), [], 'agents that beat were shown inactive')
  return `equal ${equal} after its start`
}
