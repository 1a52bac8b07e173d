/** Developers, handles and names across splits, purges and old copies: the rules of entities hold for them, too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Act, EntityId } from '@rollcall/protocol'
import { ask, Developer } from '@rollcall/simulator'
import { Archive, Replayer } from './support/archive.ts'
import { MINUTE, Scene, SECOND } from './support/scene.ts'

const NODES = [0, 1] as const

const developerIn = (scene: Scene, name: string): Developer => {
  const signer = scene.world.keys.signer(name)
  const developer = new Developer({ name, signer, form: 'native', offsetMs: 0 })
  scene.world.trace.name(developer.id, name)
  return developer
}

const hand = (scene: Scene, node: number, id: EntityId, act: Act): Promise<string> =>
  scene.world.until(ask(scene.world, { node: scene.world.node(node), id, act, name: 'developer' }))

const holders = (scene: Scene, handle: string): (string | undefined)[] =>
  scene.world.nodes.map(({ runtime }) => runtime?.registry.holderOfHandle(handle)?.id)

test('M2: a handle taken on both sides of a split belongs to the earlier claim everywhere, and falls to the other when it is released', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const [first, second] = [developerIn(scene, 'first'), developerIn(scene, 'second')]
  for (const developer of [first, second]) {
    assert.equal(await hand(scene, 0, developer.id, developer.registration(scene.world.trueMs())), 'ok')
  }
  await scene.pass(SECOND)
  scene.cut([0], [1])
  assert.equal(await hand(scene, 0, first.id, first.claim(scene.world.trueMs(), 'acme-labs')), 'ok')
  await scene.pass(3 * MINUTE)
  assert.equal(await hand(scene, 1, second.id, second.claim(scene.world.trueMs(), 'acme-labs')), 'ok')
  assert.deepEqual(holders(scene, 'acme-labs'), [first.id, second.id])
  scene.heal()
  await scene.pass(MINUTE)
  assert.deepEqual(holders(scene, 'acme-labs'), [first.id, first.id])
  assert.equal(await hand(scene, 1, first.id, first.release(scene.world.trueMs(), 'acme-labs')), 'ok')
  await scene.pass(SECOND)
  assert.deepEqual(holders(scene, 'acme-labs'), [second.id, second.id])
  await scene.settle()
})

test('L5, N1: a claim that says what the asked node heard of is on its disk when it is acknowledged, though it writes nothing', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const developer = developerIn(scene, 'developer')
  assert.equal(await hand(scene, 0, developer.id, developer.registration(scene.world.trueMs())), 'ok')
  assert.equal(await hand(scene, 0, developer.id, developer.claim(scene.world.trueMs(), 'acme-labs')), 'ok')
  await scene.pass(SECOND)
  assert.equal(await hand(scene, 1, developer.id, developer.claim(scene.world.trueMs(), 'acme-labs')), 'ok')
  scene.isolate(1)
  scene.crash(1)
  scene.start(1)
  await scene.pass(10 * SECOND)
  assert.deepEqual(holders(scene, 'acme-labs'), [developer.id, developer.id])
  await scene.settle()
})

test('N1: a claim that waited with the news of it is a repetition: it writes nothing, and takes no stamp of its own', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const developer = developerIn(scene, 'developer')
  scene.pause(1)
  assert.equal(await hand(scene, 0, developer.id, developer.registration(scene.world.trueMs())), 'ok')
  assert.equal(await hand(scene, 0, developer.id, developer.claim(scene.world.trueMs(), 'acme-labs')), 'ok')
  await scene.pass(3 * MINUTE)
  scene.world.after(SECOND, () => scene.resume(1))
  assert.equal(await hand(scene, 1, developer.id, developer.claim(scene.world.trueMs(), 'acme-labs')), 'ok')
  await scene.settle()
})

test('M2: a name bound on both sides of a split is one entity’s, and falls to the other when that is deregistered', async () => {
  const scene = await Scene.begin({ nodes: 2 })
  const developer = developerIn(scene, 'developer')
  const [one, other] = [scene.actor({ developer: developer.signer }), scene.actor({ developer: developer.signer })]
  for (const actor of [one, other]) await actor.register(0)
  const claim = developer.claim(scene.world.trueMs(), 'globex')
  assert.equal(await hand(scene, 0, developer.id, claim), 'ok')
  await scene.pass(SECOND)
  scene.cut([0], [1])
  const of = (id: EntityId) => ({ id, name: 'helper', handle: 'globex' })
  assert.equal(await hand(scene, 0, one.id, developer.bind(scene.world.trueMs(), of(one.id))), 'ok')
  await scene.pass(3 * MINUTE)
  assert.equal(await hand(scene, 1, other.id, developer.bind(scene.world.trueMs(), of(other.id))), 'ok')
  scene.heal()
  await scene.pass(MINUTE)
  const named = () =>
    scene.world.nodes.map(
      ({ runtime }) => runtime?.registry.resolveName({ handle: 'globex', name: 'helper' })?.record.id,
    )
  assert.deepEqual(named(), [one.id, one.id])
  assert.equal(await one.deregister(1), 'ok')
  await scene.pass(SECOND)
  assert.deepEqual(named(), [other.id, other.id])
  await scene.settle()
})

test('T3: a developer that was deregistered, and the handle it held, do not come back after ten retentions, by old disks or old words', async () => {
  const scene = await Scene.begin({ nodes: 2, profile: 'fast' })
  const archive = new Archive(scene)
  const developer = developerIn(scene, 'developer')
  assert.equal(await hand(scene, 0, developer.id, developer.registration(scene.world.trueMs())), 'ok')
  await scene.pass(SECOND)
  assert.equal(await hand(scene, 1, developer.id, developer.claim(scene.world.trueMs(), 'initech')), 'ok')
  await scene.pass(SECOND)
  const copies = NODES.map((node) => scene.world.node(node).backup())
  scene.kill(1)
  assert.equal(await hand(scene, 0, developer.id, developer.deregistration(scene.world.trueMs())), 'ok')
  await scene.pass(10 * scene.plan.settings.retentionMs)
  scene.start(1)
  await scene.pass(10 * SECOND)
  archive.close()
  const replayer = new Replayer(scene, archive)
  replayer.begin()
  await scene.pass(3 * SECOND)
  for (const node of NODES) {
    scene.kill(node)
    scene.world.node(node).restore(copies[node] ?? assert.fail())
    scene.start(node)
    await replayer.sayAll()
    await scene.pass(10 * SECOND)
    const answers = await replayer.handInAll(scene.world.ledger.requests)
    for (const answer of answers) assert.doesNotMatch(answer, / ok$/)
    assert.deepEqual(holders(scene, 'initech'), [undefined, undefined])
  }
  assert.equal(await hand(scene, 1, developer.id, developer.registration(scene.world.trueMs())), 'ok')
  await scene.pass(5 * SECOND)
  await replayer.sayAll()
  assert.deepEqual(holders(scene, 'initech'), [undefined, undefined])
  assert.equal(await hand(scene, 0, developer.id, developer.claim(scene.world.trueMs(), 'initech')), 'ok')
  replayer.end()
  await scene.settle()
  assert.deepEqual(holders(scene, 'initech'), [developer.id, developer.id])
})
