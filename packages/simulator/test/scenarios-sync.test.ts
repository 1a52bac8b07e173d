/** What sync does alone, at the shipping times: every 30 s, and nothing else carries news. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Actor, MINUTE, Scene, SECOND } from './support/scene.ts'

const INTERVAL = 30 * SECOND

const isEqual = (scene: Scene): boolean => scene.digests().size === 1

/** Seconds until all nodes hold the same. */
const secondsToEqual = async (scene: Scene): Promise<number> => {
  for (let seconds = 0; seconds <= 120; seconds++) {
    if (isEqual(scene)) return seconds
    await scene.pass(SECOND)
  }
  return Number.POSITIVE_INFINITY
}

for (const nodes of [2, 3, 5]) {
  test(`S1: with gossip blocked altogether ${nodes} nodes hold the same within 30 s, again and again`, async () => {
    const scene = await Scene.begin({ nodes })
    assert.equal(scene.plan.settings.syncIntervalMs, INTERVAL)
    scene.world.network.blockTopics(true)
    const actors = Array.from({ length: 2 * nodes }, () => scene.actor())
    const change: ((actor: Actor, node: number) => Promise<unknown>)[] = [
      (actor, node) => actor.register(node),
      (actor, node) => actor.update(node, { summary: 'forecast' }),
      (actor, node) => actor.beat(node),
      (actor, node) => actor.deregister(node),
    ]
    for (const [round, act] of change.entries()) {
      // Each on another node than before, none of them in step with the rounds of sync.
      for (const [i, actor] of actors.entries()) await act(actor, (i + round) % nodes)
      assert.equal(isEqual(scene), false)
      const seconds = await secondsToEqual(scene)
      assert.ok(seconds <= 30, `equal after ${seconds} s`)
      await scene.pass(7 * SECOND)
    }
    for (const actor of actors) scene.all(actor, 'dead')
    await scene.settle()
  })
}

test('S1, L7: with gossip blocked altogether an entity that beats stays active everywhere, and one that stops does not', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  scene.world.network.blockTopics(true)
  const [steady, brief] = [scene.actor(), scene.actor()]
  for (const actor of [steady, brief]) {
    await actor.register(0)
    actor.live(1)
  }
  await scene.pass(2 * INTERVAL)
  for (let i = 0; i < 10; i++) {
    await scene.pass(MINUTE)
    scene.all(steady, 'active')
    scene.all(brief, 'active')
  }
  brief.silent()
  await scene.pass(scene.plan.settings.thresholdMs + 2 * INTERVAL)
  scene.all(brief, 'inactive')
  scene.all(steady, 'active')
  // Versions of filters travel with the status, which is gossip: copies of them age meanwhile (F2).
  scene.world.network.blockTopics(false)
  await scene.settle()
})
