import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeveloperView, RegistryEvent } from '@rollcall/core'
import { type Act, type Failure, type JsonObject, parseDeveloperId, type Result } from '@rollcall/protocol'
import { Agent } from './support/agent.ts'
import { TestCluster, type TestNode } from './support/cluster.ts'
import { Developer } from './support/developer.ts'

const CONTEXT = { requestId: 'd', address: '127.0.0.1' }

const withCluster = async (size: number, run: (cluster: TestCluster) => Promise<void>): Promise<void> => {
  const cluster = new TestCluster(size)
  await cluster.start()
  try {
    await run(cluster)
  } finally {
    await cluster.stop()
  }
}

const value = <T>(result: Result<T>): T => {
  assert.ok(result.ok, result.ok ? '' : `${result.code}: ${result.message}`)
  return result.value
}

const failure = (result: Result<unknown>): Failure => {
  assert.ok(!result.ok, 'expected a failure')
  return result
}

/** Hands a developer's act to a node, and waits for its answer. */
const say = (cluster: TestCluster, node: TestNode, developer: Developer, act: Act): Promise<Result<DeveloperView>> =>
  cluster.until(node.registry.developerAct(developer.id, act, CONTEXT))

const enrol = (cluster: TestCluster, node: TestNode, agent: Agent, fields: JsonObject) =>
  cluster.until(node.registry.register(agent.registration(node.nowMs(), fields), CONTEXT))

const name = (cluster: TestCluster, node: TestNode, agent: Agent, act: Act) =>
  cluster.until(node.registry.nameAct(agent.id, act, CONTEXT))

const holders = (cluster: TestCluster, handle: string): unknown[] =>
  cluster.nodes.map((node) => node.registry.holderOfHandle(handle)?.id)

const digests = (cluster: TestCluster): Set<string> => new Set(cluster.nodes.map((node) => node.registry.node().digest))

const listen = (node: TestNode): RegistryEvent[] => {
  const events: RegistryEvent[] = []
  node.registry.subscribe({ listener: (event) => events.push(event) })
  return events
}

test('N1, S1: a developer travels as entities do, and is in no list, count or search of them', async () => {
  await withCluster(3, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const developer = new Developer(1)
    value(await say(cluster, a, developer, developer.registration(a.nowMs(), { name: 'Alice', handle: 'alice' })))
    await cluster.pass(1_000)
    assert.deepEqual(holders(cluster, 'alice'), [developer.id, developer.id, developer.id])
    assert.equal(digests(cluster).size, 1)
    for (const node of cluster.nodes) {
      assert.equal(node.registry.list({ limit: 10, offset: 0 }).total, 0)
      assert.deepEqual(node.registry.node().counts, { active: 0, inactive: 0, tombstones: 0, graves: 0 })
      assert.deepEqual(await node.found('', 'any'), [])
      assert.deepEqual(await node.found('alice', 'any'), [])
    }
    // A second registration, elsewhere, of what lives is refused; an update is taken anywhere.
    assert.equal(
      failure(await say(cluster, b, developer, developer.registration(b.nowMs(), { name: 'Alice' }))).code,
      'already_registered',
    )
    value(await say(cluster, b, developer, developer.update(b.nowMs(), { name: 'Alice B.' })))
    await cluster.pass(1_000)
    for (const node of cluster.nodes) {
      const view = value(await node.registry.developer(developer.id))
      assert.deepEqual([view.profile.name, view.handle], ['Alice B.', 'alice'])
    }
  })
})

test('N1, M1: two sides of a split take one handle and one name; all agree, and the losers are told', async () => {
  await withCluster(4, async (cluster) => {
    const [a, b, c, d] = [cluster.node(0), cluster.node(1), cluster.node(2), cluster.node(3)]
    const owner = new Developer(1)
    const [early, late] = [new Agent(1), new Agent(2)]
    // Nobody knows it yet: only a registration, or a proof that a live entity carries, makes a developer known (N2).
    const unknown = await say(cluster, a, owner, owner.claim(a.nowMs(), 'owner'))
    assert.equal(failure(unknown).code, 'developer_not_found')
    value(await say(cluster, a, owner, owner.registration(a.nowMs(), { handle: 'owner' })))
    await cluster.pass(1_000)
    cluster.network.partition([a.id, b.id], [c.id, d.id])
    await cluster.pass(1_000)

    const [first, second] = [new Developer(2), new Developer(3)]
    value(await say(cluster, a, first, first.registration(a.nowMs(), { handle: 'same' })))
    value(await enrol(cluster, a, early, { ...owner.proofOf(early), entity_name: 'stocks' }))
    await cluster.pass(2_000)
    value(await say(cluster, c, second, second.registration(c.nowMs(), { handle: 'same' })))
    value(await enrol(cluster, c, late, owner.proofOf(late, 1)))
    value(await name(cluster, c, late, owner.binding(c.nowMs(), late.id, 'stocks')))
    await cluster.pass(1_000)
    assert.deepEqual(holders(cluster, 'same'), [first.id, first.id, second.id, second.id])
    assert.equal((await d.view(late))?.fqan, 'rollcall/owner/stocks')

    const events = listen(d)
    cluster.network.heal()
    await cluster.pass(60_000)
    assert.equal(digests(cluster).size, 1)
    assert.deepEqual(holders(cluster, 'same'), Array(4).fill(first.id))
    for (const node of cluster.nodes) {
      const loser = value(await node.registry.developer(second.id))
      assert.deepEqual([loser.handle, loser.handleConflict], [undefined, { handle: 'same', holder: first.id }])
      assert.equal(node.registry.resolveName({ handle: 'owner', name: 'stocks' })?.id, early.id)
      assert.equal((await node.view(early))?.fqan, 'rollcall/owner/stocks')
      const view = await node.view(late)
      assert.equal(view?.fqan, undefined)
      assert.equal(view?.nameProblem?.code, 'conflict_duplicate_name')
      assert.deepEqual(view?.nameProblem?.details, { holder: early.id })
    }
    const lost = events.filter(({ type }) => type === 'handle_lost' || type === 'name_lost')
    lost.sort((one, two) => (one.type < two.type ? -1 : 1))
    assert.deepEqual(
      lost.map(({ type, developerId, entityId, holder, reason }) => ({ type, developerId, entityId, holder, reason })),
      [
        {
          type: 'handle_lost',
          developerId: second.id,
          entityId: undefined,
          holder: first.id,
          reason: 'conflict_duplicate_name',
        },
        {
          type: 'name_lost',
          developerId: owner.id,
          entityId: late.id,
          holder: early.id,
          reason: 'conflict_duplicate_name',
        },
      ],
    )
    for (const kind of ['handle', 'name']) assert.equal(d.metrics.counted('name_conflicts_total', { kind }), 1)

    // When the holders go, both fall to the next (api.md).
    value(await say(cluster, b, first, first.release(b.nowMs(), 'same')))
    await cluster.until(b.registry.deregister(early.id, early.deregistration(b.nowMs()), CONTEXT))
    await cluster.pass(1_000)
    assert.deepEqual(holders(cluster, 'same'), Array(4).fill(second.id))
    for (const node of cluster.nodes) assert.equal((await node.view(late))?.fqan, 'rollcall/owner/stocks')
  })
})

test('N4 (review-B11): what two entities of a developer call themselves in a split belongs to the earlier; the later is told and shown', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const owner = new Developer(1)
    const [early, late] = [new Agent(1), new Agent(2)]
    cluster.network.partition([a.id], [b.id])
    value(await enrol(cluster, a, early, { ...owner.proofOf(early), name: 'weather' }))
    await cluster.pass(2_000)
    value(await enrol(cluster, b, late, { ...owner.proofOf(late, 1), name: 'weather' }))
    const events = listen(b)
    cluster.network.heal()
    await cluster.pass(60_000)
    assert.equal(digests(cluster).size, 1)
    for (const node of cluster.nodes) {
      assert.equal((await node.view(early))?.nameProblem, undefined)
      const { code, details } = (await node.view(late))?.nameProblem ?? {}
      assert.deepEqual([code, details], ['conflict_duplicate_name', { holder: early.id }])
    }
    const lost = events.filter(({ type }) => type === 'name_lost')
    assert.deepEqual(
      lost.map(({ entityId, holder, name }) => ({ entityId, holder, name })),
      [{ entityId: late.id, holder: early.id, name: 'weather' }],
    )
    assert.equal(b.metrics.counted('name_conflicts_total', { kind: 'name' }), 1)

    value(await cluster.until(a.registry.deregister(early.id, early.deregistration(a.nowMs()), CONTEXT)))
    await cluster.pass(1_000)
    for (const node of cluster.nodes) assert.equal((await node.view(late))?.nameProblem, undefined)
  })
})

test('N2: a developer is known by the proof of a live entity, begins with any act of its own, and never by two births', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const developer = new Developer(1)
    const agent = new Agent(1)
    assert.equal(failure(await cluster.until(b.registry.developer(developer.id))).code, 'developer_not_found')
    value(await enrol(cluster, a, agent, developer.proofOf(agent)))
    await cluster.pass(1_000)
    for (const node of cluster.nodes) {
      const view = value(await node.registry.developer(developer.id))
      assert.deepEqual([view.record, view.entities, view.handle], [undefined, 1, undefined])
    }
    assert.equal(digests(cluster).size, 1)
    value(await say(cluster, b, developer, developer.claim(b.nowMs(), 'alice')))
    await cluster.pass(1_000)
    assert.deepEqual(holders(cluster, 'alice'), [developer.id, developer.id])
    assert.equal((await a.view(agent))?.developerHandle, 'alice')

    // It goes with its last entity only where it never said anything itself.
    await a.deregister(agent)
    await cluster.pass(1_000)
    for (const node of cluster.nodes) assert.equal(value(await node.registry.developer(developer.id)).entities, 0)
    const [silent, other] = [new Developer(2), new Agent(2)]
    value(await enrol(cluster, a, other, silent.proofOf(other)))
    await a.deregister(other)
    await cluster.pass(1_000)
    assert.equal(failure(await cluster.until(b.registry.developer(silent.id))).code, 'developer_not_found')
  })
})

test('T1, T3: the release of a handle and the end of a developer hold against everything said before, also said again', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const developer = new Developer(1)
    const registration = developer.registration(a.nowMs(), { handle: 'alice' })
    value(await say(cluster, a, developer, registration))
    await cluster.pass(1_000)
    value(await say(cluster, b, developer, developer.release(b.nowMs(), 'alice')))
    await cluster.pass(1_000)
    assert.deepEqual(holders(cluster, 'alice'), [undefined, undefined])
    const claim = developer.claim(a.nowMs(), 'alice')
    await cluster.pass(10)
    value(await say(cluster, a, developer, claim))
    await cluster.pass(10)
    // Cut off, the other node goes on with what it had; what it says of the old birth changes nothing.
    cluster.network.partition([a.id], [b.id])
    await cluster.pass(1_000)
    const ended = await cluster.until(
      a.registry.deregisterDeveloper(developer.id, developer.deregistration(a.nowMs()), CONTEXT),
    )
    value(ended)
    await cluster.pass(10)
    const updated = await say(cluster, b, developer, developer.update(b.nowMs(), { name: 'Still here' }))
    value(updated)
    await cluster.pass(1_000)
    cluster.network.heal()
    await cluster.pass(60_000)
    assert.equal(digests(cluster).size, 1)
    assert.deepEqual(holders(cluster, 'alice'), [undefined, undefined])
    for (const node of cluster.nodes) {
      assert.equal(failure(await cluster.until(node.registry.developer(developer.id))).code, 'developer_not_found')
      // Old acts handed in again: their times are not later than the newest that was accepted.
      for (const act of [registration, claim]) assert.ok(!(await say(cluster, node, developer, act)).ok)
      assert.equal(node.registry.node().counts.tombstones, 1)
    }
    value(await say(cluster, b, developer, developer.registration(b.nowMs(), { handle: 'alice' })))
    await cluster.pass(1_000)
    assert.deepEqual(holders(cluster, 'alice'), [developer.id, developer.id])
  })
})

test('I3, N1, N3: only the key of the developer claims, releases and names, and only its own entities', async () => {
  await withCluster(1, async (cluster) => {
    const node = cluster.node(0)
    const [alice, mallory] = [new Developer(1), new Developer(2)]
    const [hers, his] = [new Agent(1), new Agent(2)]
    value(await say(cluster, node, alice, alice.registration(node.nowMs(), { handle: 'alice' })))
    value(await say(cluster, node, mallory, mallory.registration(node.nowMs(), { handle: 'mallory' })))
    value(await enrol(cluster, node, hers, alice.proofOf(hers)))
    value(await enrol(cluster, node, his, mallory.proofOf(his)))
    await cluster.pass(10)
    const now = node.nowMs()
    // Mallory signs in Alice's name.
    for (const act of [mallory.act('release_handle', now, { developer_id: alice.id, handle: 'alice' })]) {
      assert.equal(failure(await say(cluster, node, alice, act)).code, 'signature_invalid')
    }
    assert.equal(failure(await say(cluster, node, mallory, mallory.release(now, 'alice'))).code, 'not_found')
    assert.equal(
      failure(await say(cluster, node, mallory, mallory.claim(now, 'alice'))).code,
      'conflict_duplicate_name',
    )
    assert.equal(failure(await say(cluster, node, alice, alice.claim(now, 'second'))).code, 'conflict_duplicate_name')
    assert.equal(failure(await say(cluster, node, alice, alice.claim(now, 'admin'))).code, 'validation_failed')
    // Another's entity, and one's own under another's handle.
    assert.equal(
      failure(await name(cluster, node, hers, mallory.binding(now, hers.id, 'stocks'))).code,
      'signature_invalid',
    )
    assert.equal(
      failure(await name(cluster, node, his, mallory.binding(now, his.id, 'stocks', { developer_handle: 'alice' })))
        .code,
      'forbidden',
    )
    assert.equal(
      failure(await name(cluster, node, his, mallory.binding(now, his.id, 'stocks', { developer_handle: 'nobody' })))
        .code,
      'developer_not_found',
    )
    assert.equal(failure(await name(cluster, node, hers, alice.binding(now, his.id, 'stocks'))).code, 'id_mismatch')
    assert.equal((await node.view(hers))?.fqan, undefined)
    assert.equal(parseDeveloperId(node.registry.holderOfHandle('alice')?.id ?? ''), alice.id)
  })
})

test('N3: a name is bound by the registration or by its developer, in versions, and binding the same again changes nothing', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const developer = new Developer(1)
    const [first, second, third] = [new Agent(1), new Agent(2), new Agent(3)]
    value(await enrol(cluster, a, first, { ...developer.proofOf(first), entity_name: 'stocks', version: '0.9' }))
    // No handle yet: the name is claimed, and shows as soon as there is one.
    assert.equal((await a.view(first))?.nameProblem?.code, 'not_found')
    value(await say(cluster, a, developer, developer.claim(a.nowMs(), 'alice')))
    assert.equal((await a.view(first))?.fqan, 'rollcall/alice/stocks')
    const taken = value(await enrol(cluster, a, second, { ...developer.proofOf(second, 1), entity_name: 'stocks' }))
    assert.equal(taken.nameProblem?.code, 'conflict_duplicate_name')
    const unfit = value(await enrol(cluster, a, third, { ...developer.proofOf(third, 2), entity_name: '3 Bears' }))
    assert.equal(unfit.nameProblem?.code, 'validation_failed')
    await cluster.pass(1_000)
    const bind = async (version: string, tags: readonly string[] = []) => {
      await cluster.pass(5)
      const fields = { developer_handle: 'alice', version, capability_tags: tags }
      return value(await name(cluster, b, first, developer.binding(b.nowMs(), first.id, 'stocks', fields)))
    }
    const one = await bind('1.0.0')
    const again = await bind('1.0.0')
    assert.deepEqual(again.stamp, one.stamp)
    await bind('1.1.0', ['quotes'])
    await cluster.pass(1_000)
    for (const node of cluster.nodes) {
      const binding = (await node.view(first))?.record.binding
      assert.deepEqual([binding?.version, binding?.capabilityTags], ['1.1.0', ['quotes']])
      assert.deepEqual(
        binding?.versions.map(({ version }) => version),
        ['1.0.0', '1.1.0'],
      )
      assert.deepEqual(
        node.registry.namesOf(developer.id).map(({ id }) => id),
        [first.id],
      )
      const asked = { text: '', status: 'any', limit: 10, offset: 0 } as const
      const under = value(await node.registry.search({ ...asked, developerHandle: 'alice' }))
      assert.equal(under.totalFound, 3)
      assert.equal(value(await node.registry.search({ ...asked, developerHandle: 'nobody' })).totalFound, 0)
      assert.equal(node.registry.list({ developerHandle: 'alice', limit: 10, offset: 0 }).total, 3)
    }
    for (let i = 0; i < 20; i++) await bind(`2.0.${i}`)
    assert.equal((await b.view(first))?.record.binding?.versions.length, 8)
    value(await name(cluster, b, first, developer.unbinding(b.nowMs(), first.id, 'stocks')))
    await cluster.pass(1_000)
    for (const node of cluster.nodes) {
      // Released by the first, it falls to the second, which asked for it by its registration.
      assert.equal(node.registry.resolveName({ handle: 'alice', name: 'stocks' })?.id, second.id)
      assert.equal((await node.view(first))?.fqan, undefined)
    }
  })
})

test('S1, S4, L5: who joins late, and who restarts, holds developers, handles and names as the others do', async () => {
  const cluster = new TestCluster(3)
  const late = cluster.node(2)
  cluster.network.partition([late.id])
  await cluster.start()
  try {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const developers = Array.from({ length: 30 }, (_, i) => new Developer(i))
    for (const [i, developer] of developers.entries()) {
      const act = developer.registration(a.nowMs(), { name: `Developer ${i}`, handle: `handle-${i}` })
      value(await say(cluster, i % 2 === 0 ? a : b, developer, act))
    }
    const [gone, kept] = [new Developer(0), new Developer(1)]
    const agent = new Agent(1)
    value(await enrol(cluster, a, agent, { ...kept.proofOf(agent), entity_name: 'stocks' }))
    value(await cluster.until(a.registry.deregisterDeveloper(gone.id, gone.deregistration(a.nowMs()), CONTEXT)))
    cluster.network.heal()
    await cluster.pass(60_000)
    const check = async (): Promise<void> => {
      assert.equal(digests(cluster).size, 1)
      assert.deepEqual(holders(cluster, 'handle-0'), [undefined, undefined, undefined])
      assert.deepEqual(holders(cluster, 'handle-7'), Array(3).fill(new Developer(7).id))
      assert.equal((await late.view(agent))?.fqan, 'rollcall/handle-1/stocks')
      assert.equal(value(await late.registry.developer(kept.id)).profile.name, 'Developer 1')
    }
    await check()
    await late.crash()
    await cluster.pass(1_000)
    await cluster.until(late.start())
    assert.equal((await late.view(agent))?.fqan, 'rollcall/handle-1/stocks')
    await cluster.pass(60_000)
    await check()
  } finally {
    await cluster.stop()
  }
})
