/** A node that comes back with an empty disk. */

import assert from 'node:assert/strict'
import { NODES } from '../nodes.ts'
import { seconds } from '../seconds.ts'
import { nodeIdOf } from '../view.ts'
import type { World } from '../world.ts'

const NODE = 'node-b'
const STOP_MS = 60_000
/** From started to equal. */
const PROMISE_MS = 10_000

/** Wipes the store and leaves the key (S1), or wipes all, so that a new node comes (S4). Resolves with how soon it was equal. */
export async function wiped(world: World, what: 'store' | 'volume'): Promise<string> {
  await world.settled()
  const others = { a: world.compose.url('node-a'), c: world.compose.url('node-c') }
  const [before, during, changed, ...rest] = await world.crowd(`before the ${what} was wiped`, 6, NODE)
  assert.ok(before !== undefined && during !== undefined && changed !== undefined && rest.length > 0)
  await world.allHeard()
  await before.end(world.compose.url(NODE))
  await world.settled()
  const id = await nodeIdOf(world.compose.url(NODE))

  await world.compose.run(['stop', '-t', '30', NODE], STOP_MS)
  await during.end(others.a)
  await changed.update(others.c, `Changed while ${NODE} was away.`)
  await world.compose.onVolumes(
    { '/data': NODE },
    what === 'store' ? 'test -d /data/store && rm -rf /data/store' : 'rm -rf /data/*',
  )
  await world.compose.run(['start', NODE], STOP_MS)

  const startMs = performance.now()
  const left = (): number => PROMISE_MS - (performance.now() - startMs)
  await world.ready(NODES, left())
  const ready = seconds(performance.now() - startMs)
  await world.equal(left())
  const equal = seconds(performance.now() - startMs)
  assert.equal(id === (await nodeIdOf(world.compose.url(NODE))), what === 'store', 'the identity goes with the key')
  await world.truthful(left())
  return `ready ${ready} after its start, equal after ${equal}`
}
