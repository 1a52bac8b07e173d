/** What the simulator found, each as the shortest history that shows it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, Scene, SECOND } from './support/scene.ts'

test('L6: where gossip fails, a node learns of a verdict on itself by sync, and its next beats end it', async () => {
  const scene = await Scene.begin({ nodes: 2, without: ['no-false-inactive'] })
  const actor = await scene.living(0)
  await scene.pass(MINUTE)
  scene.isolate(0)
  await scene.pass(6 * MINUTE)
  assert.deepEqual(scene.shown(actor), ['active', 'inactive'])
  scene.world.network.blockTopics(true)
  scene.heal()
  await scene.pass(2 * MINUTE)
  scene.all(actor, 'active')
  scene.world.network.blockTopics(false)
  await scene.settle()
})

test('T3: a bare grave that would date a held death later proves nothing, and a new registration outlives it', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const liar = scene.liar()
  const actor = await scene.registered(0)
  // Told for itself: a liar buries whom it has heard of.
  await scene.pass(SECOND)
  await actor.deregister(0)
  await scene.pass(MINUTE)
  for (let i = 0; i < 10; i++) liar.lie('falseGrave')
  await scene.pass(SECOND)
  assert.equal(scene.entry(0, actor)?.kind, 'tombstone')
  assert.equal(await actor.register(1), 'ok')
  await scene.pass(MINUTE)
  scene.all(actor, 'inactive')
  liar.end()
  await scene.settle()
})

test('F2: a node counts its filters anew in each run, and no peer takes that of an older run for the present one', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const [before, after] = [scene.actor(), scene.actor()]
  for (const actor of [before, after]) await actor.register(0)
  await before.beat(0)
  await scene.pass(10 * SECOND)
  scene.cut([0], [1])
  scene.kill(0)
  scene.start(0)
  await scene.pass(5 * SECOND)
  await after.beat(0)
  await scene.pass(10 * SECOND)
  scene.heal()
  await scene.pass(MINUTE)
  const copy = scene.world.node(1).runtime?.inside.filters.of(scene.world.node(0).id)
  assert.equal(copy?.mayContain(after.id), true)
  await scene.settle()
})

test('T3: a bare grave that waited for a node beyond the retention is none that the rule refuses, and no history tells it', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const liar = scene.liar()
  const actor = await scene.registered(0)
  await scene.pass(MINUTE)
  scene.pause(1)
  for (let i = 0; i < 10; i++) liar.lie('falseGrave')
  await scene.pass(31 * MINUTE)
  scene.resume(1)
  await scene.pass(MINUTE)
  scene.all(actor, 'inactive')
  liar.end()
  await scene.settle()
})

test('L3: the term of a beat runs from its acceptance, though a disk that was slow for less than a second held up its answer', async () => {
  const scene = await Scene.begin({ nodes: 1 })
  const actor = await scene.registered(0)
  await scene.pass(100)
  const [node, beganMs] = [scene.world.node(0), scene.world.nowMs()]
  node.diskDelayMaxMs = 800
  assert.equal(await actor.beat(0), 'accepted')
  node.diskDelayMaxMs = 0
  assert.ok(scene.world.nowMs() - beganMs > 10 && scene.world.nowMs() < 11 * SECOND)
  await scene.pass(6 * MINUTE)
  scene.all(actor, 'inactive')
  await scene.settle()
})

test('S4, M4: a wiped node whose clock is behind refuses what its peer holds, and takes no write before it holds it', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.registered(0, { form: 'zynd', beatForm: 'zynd' })
  await actor.deregister(0)
  await scene.pass(MINUTE)
  const node = scene.world.node(1)
  node.crash()
  node.wipe()
  node.startsWithWrongClock = true
  node.jumpClock(-60 * MINUTE)
  node.start()
  await scene.pass(MINUTE)
  // Its stamp would lie before that of the tombstone, and what was acknowledged would end with the next sync.
  assert.equal(await actor.hand(1, actor.agent.registration(scene.world.trueMs(), {})), 'refused')
  node.startsWithWrongClock = false
  node.mendClock()
  await scene.pass(MINUTE)
  await actor.register(1)
  await scene.pass(SECOND)
  scene.all(actor, 'inactive')
  await scene.settle()
})

for (const behindMinutes of [41, 25]) {
  test(`T3, L4: a node set back to a copy older than the retention, its clock ${behindMinutes} minutes behind, lets the dead stay dead`, async () => {
    const scene = await Scene.begin({ nodes: 2 })
    const actor = await scene.registered(0)
    await scene.pass(2 * MINUTE)
    const node = scene.world.node(1)
    const copy = node.backup()
    await actor.deregister(0)
    await scene.pass(40 * MINUTE)
    assert.equal(scene.entry(0, actor)?.kind, 'grave')
    scene.kill(1)
    node.restore(copy)
    node.startsWithWrongClock = true
    node.jumpClock(-behindMinutes * MINUTE)
    node.start()
    await scene.pass(2 * MINUTE)
    node.startsWithWrongClock = false
    node.mendClock()
    await scene.pass(2 * MINUTE)
    scene.all(actor, 'dead')
    await scene.settle()
  })
}

test('T2, T3: a node set back to an old copy keeps its tombstones for the whole retention again', async () => {
  const scene = await Scene.begin({ nodes: 2, settings: { retentionMs: 10 * MINUTE, forgetMs: 20 * MINUTE } })
  const actor = await scene.registered(0)
  await scene.pass(MINUTE)
  const alive = [0, 1].map((node) => scene.world.node(node).backup())
  await actor.deregister(1)
  await scene.pass(30 * SECOND)
  const dead = scene.world.node(1).backup()
  const setBack = (node: number, copy: typeof dead | undefined): void => {
    assert.ok(copy)
    scene.crash(node)
    scene.world.node(node).restore(copy)
    scene.start(node)
  }
  // Every disk is set back to before the death: nobody can know of it.
  setBack(0, alive[0])
  setBack(1, alive[1])
  await scene.pass(8 * MINUTE)
  const late = scene.world.node(0).backup()
  // One copy does: its tombstone is nearly as old as the retention, though its peer never saw it held.
  setBack(1, dead)
  await scene.pass(MINUTE)
  // Nor does it forget that with the next start, which comes soon after.
  scene.kill(1)
  scene.start(1)
  await scene.pass(3 * MINUTE)
  scene.all(actor, 'dead')
  setBack(0, late)
  await scene.pass(MINUTE)
  scene.all(actor, 'dead')
  await scene.settle()
})

test('I3: a goodbye that waits for the disk of its node is the entity’s own word already', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.living(0)
  // Checkers look every thirty seconds.
  await scene.pass(8 * MINUTE - 10 - scene.world.nowMs())
  actor.silent()
  scene.world.node(0).diskDelayMaxMs = 5_000
  const answer = actor.beat(0, 'inactive')
  await scene.pass(20 * SECOND)
  assert.equal(await answer, 'accepted')
  scene.world.node(0).diskDelayMaxMs = 0
  await scene.pass(SECOND)
  scene.all(actor, 'inactive')
  await scene.settle()
})
