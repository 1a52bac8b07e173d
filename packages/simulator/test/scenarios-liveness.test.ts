/** Beats, attendance and verdicts: the traces A5 to A10 of the protocol review, and those of section B about them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, Scene, SECOND } from './support/scene.ts'

const HOUR = 60 * MINUTE

test('review-A5, M3: one beat accepted by two nodes has one attendant', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.registered(0, { beatForm: 'zynd' })
  await scene.pass(MINUTE)
  scene.cut([0], [1])
  const beat = actor.agent.beat({ node: scene.world.node(0).id, nonce: '' }, scene.world.trueMs())
  assert.equal(await actor.say(0, beat), 'accepted')
  assert.equal(await actor.say(1, beat), 'accepted')
  scene.heal()
  await scene.pass(MINUTE)
  assert.equal(scene.digests().size, 1)
  await scene.settle()
})

test('review-B7, M2: a wiped node issues no stamp twice, whatever its clock says', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.registered(1)
  await scene.pass(MINUTE)
  scene.crash(1)
  scene.world.node(1).wipe()
  // Its clock was set back by ten seconds meanwhile: within the skew, and behind what it issued before.
  scene.world.node(1).machine.stepWall(-10 * SECOND)
  scene.start(1)
  await scene.pass(5 * SECOND)
  assert.equal(await actor.update(1, { summary: 'later' }), 'ok')
  await scene.settle()
  scene.all(actor, 'inactive')
})

test('review-A6.1, L7: an entity that moved to another node outlives the death of the one it came from', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  const actor = await scene.living(1)
  await scene.pass(2 * MINUTE)
  actor.live(0)
  await scene.pass(2 * MINUTE)
  scene.crash(1)
  for (let i = 0; i < 12; i++) {
    await scene.pass(MINUTE)
    assert.deepEqual(scene.shown(actor), ['active', 'down', 'active'])
  }
  await scene.settle()
})

test('review-A6.2, L7: an entity that moved never flickers when its time at the former node is up', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  const actor = await scene.living(1)
  await scene.pass(2 * MINUTE)
  actor.live(0)
  await scene.stays(actor, 'active', 20 * MINUTE)
  await scene.settle()
})

test('review-A6.3, L7: a beat replayed on another node ends nothing when its time is up', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  const actor = await scene.living(1, { beatForm: 'zynd' })
  await scene.pass(5 * MINUTE)
  const beat = actor.agent.beat({ node: scene.world.node(2).id, nonce: '' }, scene.world.trueMs() - 5 * SECOND)
  assert.equal(await actor.say(2, beat), 'accepted')
  await scene.stays(actor, 'active', 10 * MINUTE)
  await scene.settle()
})

test('review-A7, L3: a node that forgot that it attends an entity ends it after a threshold', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.registered(0)
  await scene.pass(MINUTE)
  await actor.beat(0)
  await scene.pass(MINUTE)
  scene.wipe(0)
  await scene.pass(2 * MINUTE)
  scene.all(actor, 'active')
  await scene.pass(5 * MINUTE)
  scene.all(actor, 'inactive')
  await scene.settle()
})

test('review-A8.1, L6: a lost link between two nodes changes nothing while a third hears both', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  const actor = await scene.living(1)
  await scene.pass(MINUTE)
  scene.cut([0], [1])
  await scene.stays(actor, 'active', 15 * MINUTE, MINUTE)
  assert.equal(scene.digests().size, 1)
  await scene.settle()
})

test('review-A8.2, L6: a hung process is gone after the threshold, although its connections are open', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  const actor = await scene.living(1)
  await scene.pass(MINUTE)
  actor.silent()
  scene.pause(1)
  await scene.pass(310 * SECOND)
  assert.deepEqual(
    scene.shown(actor).filter((_, i) => i !== 1),
    ['inactive', 'inactive'],
  )
  scene.resume(1)
  await scene.settle()
})

test('review-A9, L6: a node that was suspended does not bring back who fell silent meanwhile', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.living(1)
  await scene.pass(2 * MINUTE)
  scene.pause(1)
  actor.silent()
  await scene.pass(6 * MINUTE)
  assert.equal(scene.shown(actor)[0], 'inactive')
  scene.resume(1)
  for (let i = 0; i < 40; i++) {
    await scene.pass(10 * SECOND)
    assert.equal(scene.shown(actor)[0], 'inactive')
  }
  scene.all(actor, 'inactive')
  await scene.settle()
})

test('Mass false death, review-B3, L4, L6: a node that slept ten minutes wakes to no death of its own, and each next beat ends the verdict', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actors = [1, 2, 3].map(() => scene.actor())
  for (const actor of actors) {
    await actor.register(1)
    actor.live(1)
  }
  await scene.pass(2 * MINUTE)
  scene.pause(1)
  await scene.pass(10 * MINUTE)
  for (const actor of actors) assert.equal(scene.shown(actor)[0], 'inactive')
  scene.resume(1)
  await scene.pass(SECOND)
  for (const actor of actors) assert.equal(scene.shown(actor)[1], 'active')
  await scene.pass(2 * MINUTE)
  for (const actor of actors) scene.all(actor, 'active')
  await scene.settle()
})

test('review-A10, L4: a clock that jumps an hour, forward or back, kills nobody and refuses no beat', async () => {
  for (const jumpMs of [HOUR, -HOUR]) {
    const scene = await Scene.begin({ nodes: 3 })
    const actor = await scene.living(0)
    await scene.pass(2 * MINUTE)
    scene.world.node(0).jumpClock(jumpMs)
    await scene.stays(actor, 'active', 15 * MINUTE, MINUTE)
    scene.world.node(0).mendClock()
    await scene.settle()
  }
})

test('review-B1, L11: an entity whose clock jumps across the whole skew between two nodes that stand apart never flickers', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  scene.world.node(0).machine.stepWall(30 * SECOND)
  scene.world.node(1).machine.stepWall(-30 * SECOND)
  const actor = await scene.living(0, { offsetMs: 30 * SECOND })
  await scene.pass(5 * MINUTE)
  actor.agent.offsetMs = -30 * SECOND
  actor.live(1)
  await scene.stays(actor, 'active', 10 * MINUTE)
  await scene.settle()
})

test('review-B4, L5: after a restart an entity has the longest backoff of its client to come back', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.living(0)
  await scene.pass(2 * MINUTE)
  actor.silent()
  await scene.pass(270 * SECOND)
  scene.crash(0)
  await scene.pass(10 * SECOND)
  scene.start(0)
  await scene.pass(85 * SECOND)
  scene.all(actor, 'active')
  assert.equal(await actor.beat(0), 'accepted')
  await scene.settle()
})

test('review-B13, L2: a beat from before a deregistration does not make the next birth active', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.registered(0, { beatForm: 'zynd' })
  await scene.pass(SECOND)
  const at = { node: scene.world.node(0).id, nonce: '' }
  const beats = [0, 1, 2].map((i) => actor.agent.beat(at, scene.world.trueMs() + i * SECOND))
  for (const beat of beats) assert.equal(await actor.say(0, beat), 'accepted')
  await scene.pass(SECOND)
  await actor.deregister(0)
  await scene.pass(SECOND)
  await actor.register(0)
  for (const beat of beats) assert.notEqual(await actor.say(0, beat), 'accepted')
  await scene.pass(SECOND)
  scene.all(actor, 'inactive')
  await scene.settle()
})

test('review-B14, L10: a beat bound to one node counts on no other', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.registered(0)
  await scene.pass(SECOND)
  const beat = actor.agent.beat({ node: scene.world.node(0).id, nonce: 'bm9uY2U=' }, scene.world.trueMs())
  assert.notEqual(await actor.say(1, beat), 'accepted')
  assert.equal(await actor.say(0, beat), 'accepted')
  await scene.settle()
})

test('review-B15, L6: a silent entity on a node that dies is shown active for at most two thresholds', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const actor = await scene.living(1)
  await scene.pass(2 * MINUTE)
  actor.silent()
  await scene.pass(4 * MINUTE + 50 * SECOND)
  scene.crash(1)
  await scene.pass(5 * MINUTE)
  assert.equal(scene.shown(actor)[0], 'inactive')
  await scene.settle()
})

test('review-B12, S3: equal digests are not agreement while one node holds another gone that a third hears', async () => {
  const scene = await Scene.begin({ nodes: 3 })
  const actor = await scene.registered(1)
  await actor.beat(1)
  await scene.pass(MINUTE)
  scene.pause(1)
  await scene.pass(6 * MINUTE)
  scene.resume(1)
  await scene.pass(10)
  assert.equal(scene.digests().size, 1)
  assert.equal(scene.world.node(1).runtime?.registry.cluster().converged, false)
  // The verdict stands as long as it covers anything: until the silence is announced, and the next flush has looked.
  await scene.pass(7 * MINUTE)
  for (const { runtime } of scene.world.nodes) assert.equal(runtime?.registry.cluster().converged, true)
  await scene.settle()
})

test('review-B2, M4: a presence from ahead of the clock is neither believed nor punished, and does not block the entity', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const liar = scene.liar()
  const actor = await scene.living(0, { beatForm: 'zynd' })
  await scene.pass(MINUTE)
  for (let i = 0; i < 20; i++) {
    liar.lie('futurePresence')
    liar.lie('futureMessage')
    await scene.pass(10 * SECOND)
    scene.all(actor, 'active')
  }
  liar.end()
  await scene.settle()
  scene.all(actor, 'active')
})

test('review-B8, G4: a wiped node counts its messages anew, and nobody takes them for old ones', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const before = [1, 2, 3].map(() => scene.actor())
  for (const actor of before) {
    await actor.register(1)
    await scene.pass(SECOND)
  }
  scene.wipe(1)
  await scene.pass(5 * SECOND)
  const after = scene.actor()
  assert.equal(await after.register(1), 'ok')
  await scene.pass(SECOND)
  scene.all(after, 'inactive')
  await scene.settle()
})
