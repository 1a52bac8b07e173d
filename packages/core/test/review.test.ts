/**
 * Traces of the protocol review: histories that broke simpler rules, each pinned. Those that belong to one rule alone stand
 * with the tests of that rule and name the finding there (review-A2, A3, A6–A11, B2, B3, B6, B7, B9, B11, B13–B15).
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareStamps } from '@rollcall/protocol'
import { deregistration, registration } from './support/acts.ts'
import { zyndBeat } from './support/beats.ts'
import { Client, clusterWith, newSession, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import { recordOf, stampOf } from './support/entries.ts'
import { ownerOf } from './support/keys.ts'
import type { TestNode } from './support/node.ts'
import { SETTINGS } from './support/settings.ts'
import { taken } from './support/taken.ts'

const SHORT = { ...SETTINGS, retentionMs: 600_000, forgetMs: 1_200_000 }
const THRESHOLD_MS = 300_000

const started = (count: number): { cluster: Cluster; client: Client } => {
  const cluster = new Cluster({ count, settings: SHORT })
  return { cluster, client: clusterWith(cluster) }
}

const register = (client: Client, node: TestNode): void => {
  client.cluster.jump(1)
  taken(node.act({ type: 'register', act: registration(client.owner, client.nowMs) }))
}

const deregister = (client: Client, node: TestNode): void => {
  client.cluster.jump(1)
  taken(node.act({ type: 'deregister', id: client.id, act: deregistration(client.owner, client.nowMs) }))
}

const kinds = (cluster: Cluster, client: Client): (string | undefined)[] =>
  cluster.nodes.map((node) => node.entry(client.id)?.kind)

const shown = (cluster: Cluster, client: Client): (string | undefined)[] =>
  cluster.nodes.map((node) => node.shown(client.id))

describe('no acknowledged act is lost', () => {
  test('M2 (review-A1, trace 1): a registration where the deregistration was never heard of', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    deregister(client, one)
    cluster.pass(240_000)
    // Node 1 never heard of either and lost its disk, so for it this is the first registration.
    two.wipe()
    register(client, two)
    cluster.heal()
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['record', 'record'])
    assert.ok(cluster.converged())
  })

  test('M2 (review-A1, trace 2): a registration after another pair of acts on the other side of a cut', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    deregister(client, one)
    cluster.syncAll()
    cluster.cut(one, two)
    register(client, one)
    deregister(client, one)
    cluster.pass(60_000)
    register(client, two)
    cluster.heal()
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['record', 'record'])
  })

  test('M2, T3 (review-A1, trace 3): a registration on a node that purged before the other did', () => {
    const { cluster, client } = started(2)
    deregister(client, cluster.at(0))
    const held = cluster.at(1).state.holdings.get(client.id)
    assert.ok(held)
    held.heldMs += 60_000
    cluster.pass(SHORT.retentionMs + 5_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'tombstone'])
    register(client, cluster.at(0))
    assert.deepEqual(kinds(cluster, client), ['record', 'record'])
    cluster.pass(SHORT.retentionMs)
    assert.deepEqual(kinds(cluster, client), ['record', 'record'])
  })

  test('M2 (review-A1, trace 4): a deregistration on a node that knows only an earlier birth', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    deregister(client, one)
    register(client, one)
    cluster.pass(60_000)
    deregister(client, two)
    cluster.heal()
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['tombstone', 'tombstone'])
  })

  test('T3 (review-A3f): a deregistration on a node that was alone until it had forgotten the others and purged', () => {
    const { cluster, client } = started(3)
    const alone = cluster.at(1)
    cluster.isolate(alone)
    cluster.pass(60_000)
    deregister(client, alone)
    cluster.pass(SHORT.forgetMs + SHORT.retentionMs)
    assert.deepEqual(kinds(cluster, client), ['record', 'grave', 'record'])
    cluster.heal()
    cluster.syncAll()
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave', 'grave'])
    assert.ok(cluster.converged())
  })

  test('T3, T4 (review-A4): what somebody else registered while a node purged something', () => {
    const { cluster, client } = started(2)
    const other = new Client({ cluster, node: cluster.at(0), owner: ownerOf('other') })
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    other.register()
    cluster.pass(1_000)
    deregister(client, two)
    cluster.pass(SHORT.forgetMs + SHORT.retentionMs)
    assert.deepEqual([two.entry(client.id)?.kind, one.entry(other.id)?.kind], ['grave', 'record'])
    cluster.heal()
    cluster.syncAll()
    assert.deepEqual(
      [kinds(cluster, client), kinds(cluster, other)],
      [
        ['grave', 'grave'],
        ['record', 'record'],
      ],
    )
    assert.ok(cluster.converged())
  })
})

describe('nothing comes back', () => {
  test('T3 (review-A3e): through a new node that meets the one that was absent first', () => {
    const { cluster, client } = started(3)
    const [one, fresh, absent] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    cluster.isolate(absent)
    deregister(client, one)
    cluster.pass(SHORT.forgetMs + SHORT.retentionMs)
    fresh.wipe(false)
    cluster.heal()
    cluster.sync(fresh, absent)
    assert.equal(fresh.entry(client.id)?.kind, 'record')
    cluster.sync(fresh, one)
    assert.equal(fresh.entry(client.id)?.kind, 'grave', 'it never synced with node 0, and so believes it')
    cluster.sync(absent, one)
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave', 'grave'])
    assert.ok(cluster.converged())
  })

  test('T3 (review-A3b): not by beating on where the deregistration was not heard of', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.connect(two)
    client.beat()
    cluster.cut(one, two)
    deregister(client, one)
    passBeating(cluster, SHORT.forgetMs + SHORT.retentionMs, [client])
    assert.deepEqual(kinds(cluster, client), ['grave', 'record'])
    cluster.heal()
    cluster.pass(31_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave'])
    assert.equal(client.beat().outcome, 'deregistered')
  })

  test('Zombies, T3 (review-A2): at the retention, just before, and ten times after it', () => {
    for (const awayMs of [SHORT.retentionMs - 1_000, SHORT.retentionMs, 10 * SHORT.retentionMs]) {
      const { cluster, client } = started(2)
      const [one, two] = [cluster.at(0), cluster.at(1)]
      client.beat()
      cluster.cut(one, two)
      deregister(client, one)
      cluster.pass(awayMs)
      cluster.heal()
      for (const message of cluster.sent) for (const node of cluster.nodes) cluster.replay(message, node)
      cluster.syncAll()
      for (const message of cluster.sent) for (const node of cluster.nodes) cluster.replay(message, node)
      assert.deepEqual(
        shown(cluster, client).filter((one) => one === 'active' || one === 'inactive'),
        [],
        `${awayMs} ms`,
      )
      assert.ok(cluster.converged())
      register(client, two)
      client.connect(one)
      client.beat()
      assert.deepEqual(shown(cluster, client), ['active', 'active'], 'and a real registration still works')
    }
  })
})

describe('everything converges', () => {
  test('M3 (review-A5): one beat accepted by two nodes has one attendant', () => {
    const { cluster, client } = started(3)
    const beat = zyndBeat(client.owner, client.nowMs)
    cluster.prompt = false
    for (const node of [cluster.at(0), cluster.at(1)]) {
      assert.equal(node.beat(client.id, beat, { sessionId: newSession() }).outcome, 'accepted')
    }
    cluster.prompt = true
    cluster.deliverAll()
    cluster.syncAll()
    assert.ok(cluster.converged())
    cluster.pass(THRESHOLD_MS + 1_000)
    assert.deepEqual(shown(cluster, client), ['inactive', 'inactive', 'inactive'])
    assert.ok(cluster.converged())
  })

  test('M2 (review-A5): two records of one stamp, issued again by a node that lost its disk', () => {
    const { cluster } = started(2)
    const owner = ownerOf('twice')
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const birth = stampOf(Math.floor(one.nodeMs), one.id)
    for (const [node, name] of [
      [one, 'first'],
      [two, 'second'],
    ] as const) {
      const record = recordOf(owner, { birth, name })
      const entry = { kind: 'record', id: owner.id, record, presence: undefined } as const
      node.step({ type: 'deltas', deltas: [entry], from: one.id, source: 'sync' })
    }
    assert.ok(!cluster.converged(), 'bytes are seen in the digest, so the difference is')
    cluster.syncAll()
    assert.ok(cluster.converged())
  })

  test('M4 (review-B7): a wiped node issues nothing below what a peer heard of it', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.tellStatus()
    const lastStamp = two.state.members.get(one.id)?.lastStamp
    assert.ok(lastStamp)
    one.offsetMs = -30_000
    one.wipe(false)
    cluster.sync(one, two)
    assert.ok(compareStamps(one.state.hybrid.issue(one.nodeMs), lastStamp) > 0)
  })

  test('L6, L7 (review-A6, trace 1): a live entity whose former attendant dies right after it moved', () => {
    const { cluster, client } = started(3)
    passBeating(cluster, 120_000, [client])
    client.beat()
    cluster.prompt = false
    client.connect(cluster.at(1))
    cluster.jump(1_000)
    client.beat()
    // The announcement reaches nobody by gossip, and the former attendant is dead for good.
    cluster.underway = []
    cluster.prompt = true
    cluster.stop(cluster.at(0))
    passBeating(cluster, 3 * THRESHOLD_MS, [client], () => {
      assert.deepEqual([cluster.at(1).shown(client.id), cluster.at(2).shown(client.id)], ['active', 'active'])
    })
    assert.ok(cluster.converged())
  })

  test('L3, L5 (review-A7): an activation that was announced and lost in the crash after it', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.maintain()
    cluster.pass(1_000)
    client.beat()
    assert.equal(two.shown(client.id), 'active')
    one.restart(10)
    assert.equal(one.shown(client.id), 'inactive', 'it knows nothing of it')
    cluster.pass(THRESHOLD_MS + 60_000)
    assert.deepEqual(shown(cluster, client), ['inactive', 'inactive'])
    assert.ok(cluster.converged())
  })

  test('L6 (review-A9): an announcement of a node that has just come back counts at once', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.cut(one, two)
    cluster.pass(THRESHOLD_MS + 5_000)
    const fresh = new Client({ cluster, node: one, owner: ownerOf('fresh') })
    fresh.register()
    cluster.heal()
    fresh.beat()
    assert.equal(two.shown(fresh.id), 'active')
  })

  test('L2, L11 (review-B1): an entity with the worst of clocks, on the fastest node and then on the slowest', () => {
    const cluster = new Cluster({ count: 2, offsetsMs: [30_000, -30_000] })
    const client = clusterWith(cluster)
    const [fast, slow] = [cluster.at(0), cluster.at(1)]
    client.node = fast
    client.offsetMs = 60_000
    passBeating(cluster, 120_000, [client])
    client.connect(slow)
    client.offsetMs = -60_000
    passBeating(cluster, 2 * THRESHOLD_MS, [client], () => {
      assert.deepEqual(shown(cluster, client), ['active', 'active'])
    })
  })

  test('S3, L6 (review-B12): equal digests with different answers are seen in the status', () => {
    const { cluster, client } = started(3)
    client.beat()
    const [one, two, three] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    const heard = (): void => {
      three.step({ type: 'heard', node: one.id, stamp: one.state.hybrid.issue(one.nodeMs), ageMs: 0 })
    }
    cluster.isolate(one)
    cluster.cut(two, three)
    cluster.pass(THRESHOLD_MS - 2_000, heard)
    client.beat()
    cluster.pass(5_000, heard)
    assert.deepEqual([two.shown(client.id), three.shown(client.id)], ['inactive', 'active'])
    assert.equal(two.digest(), three.digest())
    assert.deepEqual(
      two
        .status()
        .verdicts.map(({ node }) => node)
        .includes(one.id),
      true,
      'so who compares digests alone would call them converged',
    )
    assert.ok(!three.status().verdicts.some(({ node }) => node === one.id))
  })
})
