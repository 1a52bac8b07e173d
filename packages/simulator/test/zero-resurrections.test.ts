/**
 * T3: what a deregistration ended never comes back. Somebody is away for some time, the rest ends entities meanwhile; then
 * whoever was away returns as it was, a node is set back to an old copy of its disk, and everything that was ever said in
 * gossip and sync or asked by owners is said again, to everybody. Requests in Zynd's forms bear no time: handed in again
 * they are new acts of the owner by definition, so those of the entity with Zynd's forms are not.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Archive, Replayer } from './support/archive.ts'
import { type Actor, Scene, SECOND } from './support/scene.ts'

/** Of the short times: tombstones are kept a minute, nodes remembered for three. */
const RETENTION_MS = 60 * SECOND
const NODES = [0, 1, 2] as const

/** Who is away, and how; node 0 stays. */
const ABSENCES = {
  'a node is down': { leave: (scene: Scene) => scene.kill(2), deathAt: 1 },
  'a node is cut off and goes on serving': { leave: (scene: Scene) => scene.isolate(2), deathAt: 1 },
  'all the rest is down': {
    leave: (scene: Scene) => {
      scene.kill(1)
      scene.kill(2)
    },
    deathAt: 0,
  },
  'all the rest is cut off and goes on serving': { leave: (scene: Scene) => scene.isolate(0), deathAt: 0 },
}

const bringBack = (scene: Scene): void => {
  for (const node of scene.world.nodes) if (node.isDown) node.start()
  scene.heal()
}

const populate = async (scene: Scene): Promise<Actor[]> => {
  const developer = scene.world.keys.signer('developer')
  const actors = [
    scene.actor(),
    scene.actor({ developer }),
    scene.actor({ form: 'zynd', beatForm: 'zynd' }),
    scene.actor({ beatForm: 'documented' }),
  ]
  for (const actor of actors) {
    await actor.register(0)
    await scene.pass(SECOND)
    await actor.update(1, { summary: 'forecast' })
    actor.live(2)
    await scene.pass(3 * SECOND)
  }
  return actors
}

for (const [absence, { leave, deathAt }] of Object.entries(ABSENCES)) {
  for (const times of [0.5, 1, 10]) {
    test(`T3: nothing comes back after ${absence} for ${times} × retention`, async () => {
      const scene = await Scene.begin({ nodes: 3, profile: 'fast', seed: `${absence} ${times}` })
      const archive = new Archive(scene)
      const witness = scene.actor()
      await witness.register(0)
      witness.live(0)
      const actors = await populate(scene)
      const copies = NODES.map((node) => scene.world.node(node).backup())
      leave(scene)
      await scene.pass(SECOND)
      const [first, ...others] = actors
      for (const actor of actors) assert.equal(await actor.deregister(deathAt, 'entity'), 'ok')
      await scene.pass(times * RETENTION_MS)

      // Whoever was away comes back as it was.
      bringBack(scene)
      await scene.pass(10 * SECOND)
      for (const actor of actors) scene.all(actor, 'dead')

      // Then a node on an old copy of its disk, the one that ended them included, while everything is said again.
      archive.close()
      const replayer = new Replayer(scene, archive)
      replayer.begin()
      await scene.pass(3 * SECOND)
      const old = scene.world.ledger.requests.filter(({ id, act }) => act.form === 'native' && id !== witness.id)
      for (const node of NODES) {
        scene.kill(node)
        scene.world.node(node).restore(copies[node] ?? assert.fail())
        scene.start(node)
        await replayer.sayAll()
        await scene.pass(10 * SECOND)
        for (const answer of await replayer.handInAll(old)) assert.doesNotMatch(answer, / ok$/)
        for (const actor of actors) scene.all(actor, 'dead')
      }
      assert.ok(replayer.told > 300, `${replayer.told} replays prove little`)

      // Only the owner brings it back, and the old words do not end that either.
      assert.equal(await first?.register(1), 'ok')
      first?.live(1)
      await scene.pass(5 * SECOND)
      await replayer.sayAll()
      for (const answer of await replayer.handInAll(old)) assert.doesNotMatch(answer, / ok$/)
      await scene.pass(10 * SECOND)
      if (first !== undefined) scene.all(first, 'active')
      for (const actor of others) scene.all(actor, 'dead')
      replayer.end()
      await scene.settle()
      scene.all(witness, 'active')
    })
  }
}
