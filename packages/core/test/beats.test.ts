/** L1, L2: which beats count, and what they change. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { presenceOf } from '@rollcall/core'
import { deregistration, registration, zyndDeregister, zyndRegister } from './support/acts.ts'
import { documentedBeat, goodbye, nativeBeat, zyndBeat } from './support/beats.ts'
import { type Client, clusterWith } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import { ownerOf } from './support/keys.ts'
import type { TestNode } from './support/node.ts'
import { taken } from './support/taken.ts'

const owner = ownerOf('e')
const SKEW_MS = 60_000

const alone = (settings: Partial<Cluster['settings']> = {}): { cluster: Cluster; node: TestNode; client: Client } => {
  const base = new Cluster({ count: 1 })
  const cluster = new Cluster({ count: 1, settings: { ...base.settings, ...settings } })
  return { cluster, node: cluster.at(0), client: clusterWith(cluster) }
}

describe('the states of an entity', () => {
  test('L1: registered is inactive, the first beat makes it active, a deregistration ends it', () => {
    const { node, client } = alone()
    assert.equal(node.shown(owner.id), 'inactive')
    const { outcome, status, effects } = client.beat()
    assert.deepEqual([outcome, status, node.shown(owner.id)], ['accepted', 'active', 'active'])
    const [note] = effects.transitions
    assert.deepEqual([note?.kind, note?.from, note?.to, note?.reason], ['active', 'inactive', 'active', 'session'])
    client.cluster.jump(1)
    const end = node.step({
      type: 'deregister',
      token: 1,
      id: owner.id,
      act: deregistration(owner, client.nowMs),
    })
    assert.equal(node.shown(owner.id), 'tombstone')
    assert.deepEqual(end.revoke, [{ id: owner.id, reason: 'deregistered' }])
  })

  test('L1: an update and a registration make nothing active', () => {
    const { cluster, node, client } = alone()
    client.beat()
    cluster.jump(1)
    taken(node.act({ type: 'deregister', id: owner.id, act: deregistration(owner, client.nowMs) }))
    cluster.jump(1)
    taken(node.act({ type: 'register', act: registration(owner, client.nowMs) }))
    assert.equal(node.shown(owner.id), 'inactive')
    assert.equal(presenceOf(node.state.holdings.get(owner.id)?.entry ?? raise()), undefined)
  })

  test('L2, L9: a beat of what is not registered, or no more, says which', () => {
    const { cluster, node, client } = alone()
    const stranger = ownerOf('stranger')
    assert.equal(node.beat(stranger.id, nativeBeat(stranger, node.id, node.wallMs)).outcome, 'not_found')
    taken(node.act({ type: 'deregister', id: owner.id, act: zyndDeregister(owner) }))
    cluster.jump(10)
    const { outcome, status } = client.beat()
    assert.deepEqual([outcome, status], ['deregistered', 'inactive'])
    assert.equal(node.state.holdings.size, 1, 'a beat of nobody leaves nothing behind')
  })
})

const raise = (): never => {
  throw new Error('the entity is held')
}

describe('a beat', () => {
  test('L2: counts within the skew of the clock of the node, on both sides and to the millisecond', () => {
    for (const [offMs, outcome] of [
      [SKEW_MS, 'accepted'],
      [SKEW_MS + 1, 'skew'],
      [-SKEW_MS, 'accepted'],
      [-SKEW_MS - 1, 'skew'],
    ] as const) {
      const { node } = alone()
      assert.equal(node.beat(owner.id, nativeBeat(owner, node.id, node.wallMs + offMs)).outcome, outcome, `${offMs} ms`)
      assert.equal(node.shown(owner.id), outcome === 'accepted' ? 'active' : 'inactive')
    }
  })

  test('L2: of an equal time is a duplicate, of an older one stale, and neither changes anything', () => {
    const { cluster, node, client } = alone()
    client.beat()
    const digest = node.digest()
    const deadline = node.state.leases.deadlineMs(owner.id)
    cluster.jump(1_000)
    for (const [ms, outcome] of [
      [client.nowMs - 1_000, 'duplicate'],
      [client.nowMs - 1_001, 'stale'],
    ] as const) {
      const answer = node.beat(owner.id, nativeBeat(owner, node.id, ms))
      assert.deepEqual([answer.outcome, answer.status], [outcome, 'active'])
      assert.deepEqual(answer.effects.store, [])
      assert.deepEqual(answer.effects.publish, [])
    }
    assert.equal(node.digest(), digest)
    assert.equal(node.state.leases.deadlineMs(owner.id), deadline)
  })

  test('L2: replayed after the entity fell silent revives nothing', () => {
    const { cluster, node, client } = alone()
    client.form = 'zynd'
    const beat = zyndBeat(owner, client.nowMs + SKEW_MS)
    assert.equal(node.beat(owner.id, beat).outcome, 'accepted')
    cluster.pass(301_000)
    assert.equal(node.shown(owner.id), 'inactive')
    assert.equal(node.beat(owner.id, beat).outcome, 'skew')
  })

  test('L2: is compared with the newest beat known, be it private', () => {
    const { cluster, node, client } = alone()
    client.beat()
    const announced = node.digest()
    cluster.jump(30_000)
    client.beat()
    assert.equal(node.digest(), announced, 'the second one is private')
    assert.equal(node.beat(owner.id, zyndBeat(owner, client.nowMs - 10_000)).outcome, 'stale')
  })

  test('L2: is compared with the newest beat known, be it heard of from another node', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.form = 'zynd'
    const beat = zyndBeat(owner, client.nowMs)
    client.beat()
    assert.equal(cluster.at(1).shown(owner.id), 'active')
    assert.equal(cluster.at(1).beat(owner.id, beat).outcome, 'duplicate')
    assert.equal(cluster.at(1).beat(owner.id, zyndBeat(owner, client.nowMs - 1)).outcome, 'stale')
  })

  test('L2 (review-B13): replayed across a deregistration and a registration activates nothing', () => {
    const { cluster, node, client } = alone()
    client.form = 'zynd'
    const beat = zyndBeat(owner, client.nowMs)
    client.beat()
    taken(node.act({ type: 'deregister', id: owner.id, act: zyndDeregister(owner) }))
    assert.equal(node.beat(owner.id, beat).outcome, 'deregistered')
    cluster.jump(1_000)
    taken(node.act({ type: 'register', act: zyndRegister(owner) }))
    for (const at of [0, 20_000, 39_000]) {
      cluster.pass(at)
      assert.equal(node.beat(owner.id, beat).outcome, 'duplicate')
      assert.equal(node.shown(owner.id), 'inactive')
    }
    assert.equal(client.beat().outcome, 'accepted')
    assert.equal(node.shown(owner.id), 'active')
  })

  test('L2 (review-B13): nor on a node that heard of both from another', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const beat = zyndBeat(owner, client.nowMs)
    one.beat(owner.id, beat)
    taken(one.act({ type: 'deregister', id: owner.id, act: zyndDeregister(owner) }))
    taken(one.act({ type: 'register', act: zyndRegister(owner) }))
    assert.equal(two.entry(owner.id)?.kind, 'record')
    assert.equal(two.beat(owner.id, beat).outcome, 'duplicate')
    assert.equal(two.shown(owner.id), 'inactive')
  })

  test('L2: the memory of ended beats goes after two skews', () => {
    const { cluster, node, client } = alone()
    client.beat()
    taken(node.act({ type: 'deregister', id: owner.id, act: zyndDeregister(owner) }))
    cluster.pass(2 * SKEW_MS - 1_000)
    assert.equal(node.state.endedBeats.size, 1)
    cluster.pass(2_000)
    assert.equal(node.state.endedBeats.size, 0)
  })

  test('L10: in each of the three forms is accepted, and travels as evidence', () => {
    for (const make of [
      (node: TestNode) => nativeBeat(owner, node.id, node.wallMs),
      (node: TestNode) => zyndBeat(owner, node.wallMs),
      (node: TestNode) => documentedBeat(owner, node.wallMs),
    ]) {
      const cluster = new Cluster({ count: 2 })
      clusterWith(cluster)
      const [one, two] = [cluster.at(0), cluster.at(1)]
      assert.equal(one.beat(owner.id, make(one)).outcome, 'accepted')
      assert.equal(two.shown(owner.id), 'active')
    }
  })

  test('L10: that can be replayed is refused where such forms are turned off', () => {
    const { node } = alone({ zyndSignatures: false })
    assert.equal(node.beat(owner.id, zyndBeat(owner, node.wallMs)).outcome, 'signature_invalid')
    assert.equal(node.beat(owner.id, documentedBeat(owner, node.wallMs)).outcome, 'signature_invalid')
    assert.equal(node.beat(owner.id, nativeBeat(owner, node.id, node.wallMs)).outcome, 'accepted')
  })

  test('L10 (review-B14): bound to another node is never this node’s to announce', () => {
    const cluster = new Cluster({ count: 2 })
    clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const captured = nativeBeat(owner, two.id, two.wallMs)
    assert.equal(one.beat(owner.id, captured).outcome, 'signature_invalid')
    assert.equal(one.shown(owner.id), 'inactive')
  })

  test('Liveness that lies, L2: moves the deadline by its acceptance, never by its own time', () => {
    for (const offMs of [-50_000, 0, 50_000]) {
      const { cluster, node, client } = alone()
      client.offsetMs = offMs
      client.beat()
      cluster.pass(299_000)
      assert.equal(node.shown(owner.id), 'active', `${offMs} ms`)
      cluster.pass(2_000)
      assert.equal(node.shown(owner.id), 'inactive', `${offMs} ms`)
    }
  })

  test('L9: costs no write as long as it stays private, and none when it counts for nothing', () => {
    const { cluster, client } = alone()
    client.beat()
    for (let i = 0; i < 5; i++) {
      cluster.jump(30_000)
      cluster.at(0).tick()
      assert.deepEqual(client.beat().effects.store, [])
    }
  })

  test('S4: is taken by no node before its first complete sync, because an announcement bears a stamp', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    two.wipe(false)
    const entry = one.entry(client.id)
    assert.ok(entry)
    two.step({ type: 'deltas', deltas: [entry], from: one.id, source: 'sync' })
    client.connect(two)
    const { outcome, effects } = client.beat()
    assert.deepEqual([outcome, effects.publish, two.shown(client.id)], ['storage_error', [], 'inactive'])
    cluster.sync(one, two)
    assert.equal(client.beat().outcome, 'accepted')
  })

  test('L10: its health stays until the next one says otherwise', () => {
    const { cluster, node, client } = alone()
    const said = { type: 'beat', token: 1, id: owner.id, sessionId: 1, address: 'here' } as const
    node.step({ ...said, beat: zyndBeat(owner, client.nowMs), health: { load: 1 } })
    cluster.jump(1_000)
    node.step({ ...said, beat: zyndBeat(owner, client.nowMs) })
    assert.deepEqual(node.state.holdings.get(owner.id)?.beat?.health, { load: 1 })
  })
})

describe('a goodbye', () => {
  test('I3, L11: is the entity’s own word, and makes it inactive everywhere at once', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.beat()
    cluster.jump(1_000)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const { outcome, status, effects } = one.beat(owner.id, goodbye(owner, one.id, client.nowMs))
    assert.deepEqual([outcome, status], ['accepted', 'inactive'])
    assert.equal(effects.transitions[0]?.reason, 'goodbye')
    assert.deepEqual([one.shown(owner.id), two.shown(owner.id)], ['inactive', 'inactive'])
    assert.equal(one.state.leases.size, 0)
  })

  test('I3: counts as a beat: what is older than it revives nothing, what is newer does', () => {
    const { cluster, node, client } = alone()
    client.beat()
    cluster.jump(1_000)
    node.beat(owner.id, goodbye(owner, node.id, client.nowMs))
    assert.equal(node.beat(owner.id, nativeBeat(owner, node.id, client.nowMs - 1)).outcome, 'stale')
    cluster.jump(1_000)
    assert.equal(client.beat().status, 'active')
  })

  test('L7, M3: at a node that does not attend is announced there, and wins', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    client.beat()
    cluster.jump(1_000)
    const two = cluster.at(1)
    two.beat(owner.id, goodbye(owner, two.id, client.nowMs))
    for (const node of cluster.nodes) assert.equal(node.shown(owner.id), 'inactive')
    assert.ok(cluster.converged())
  })

  test('L7, I3: that nobody had to be told of answers an older active heard later', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.prompt = false
    client.connect(two)
    client.beat()
    cluster.jump(1_000)
    // Node 0 has not heard that the entity is active when the entity says goodbye there.
    assert.equal(one.beat(owner.id, goodbye(owner, one.id, client.nowMs)).outcome, 'accepted')
    cluster.prompt = true
    cluster.deliverAll()
    assert.deepEqual([one.shown(owner.id), two.shown(owner.id)], ['inactive', 'inactive'])
    assert.ok(cluster.converged())
  })

  test('L1: before the first beat changes nothing', () => {
    const { node } = alone()
    const digest = node.digest()
    assert.equal(node.beat(owner.id, goodbye(owner, node.id, node.wallMs)).outcome, 'accepted')
    assert.deepEqual([node.shown(owner.id), node.digest()], ['inactive', digest])
  })
})
