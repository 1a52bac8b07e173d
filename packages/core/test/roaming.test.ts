/** L7, L8: which beats are announced, who attends after them, and how two processes with one key are noticed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { presenceOf as presenceIn } from '@rollcall/core'
import type { SignedPresence } from '@rollcall/protocol'
import { update } from './support/acts.ts'
import { Client, clusterWith, newSession, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import type { TestNode } from './support/node.ts'
import { taken } from './support/taken.ts'

const INTERVAL_MS = 30_000
const THRESHOLD_MS = 300_000

const presenceAt = (node: TestNode, client: Client): SignedPresence => {
  const entry = node.entry(client.id)
  const presence = entry === undefined ? undefined : presenceIn(entry)
  if (presence === undefined) throw new Error('the entity has a presence')
  return presence
}

const started = (count: number): { cluster: Cluster; nodes: readonly TestNode[]; client: Client } => {
  const cluster = new Cluster({ count })
  const client = clusterWith(cluster)
  client.beat()
  return { cluster, nodes: cluster.nodes, client }
}

describe('a change of attendant', () => {
  test('L7: is announced at once for the first beat of a session, as moved, and reads so on every node', () => {
    const { cluster, client } = started(3)
    cluster.jump(INTERVAL_MS)
    const two = cluster.at(1)
    client.connect(two)
    const { effects } = client.beat()
    const [note] = effects.transitions
    assert.deepEqual([note?.kind, note?.reason, note?.from, note?.to], ['moved', 'session', 'active', 'active'])
    for (const node of cluster.nodes) assert.equal(presenceAt(node, client).attendant, two.id)
    assert.ok(cluster.converged())
  })

  test('L7, L8: the first beat of a session says so even when the presence has long not changed', () => {
    const { cluster, client } = started(2)
    passBeating(cluster, 3 * INTERVAL_MS, [client])
    client.connect(cluster.at(1))
    client.beat()
    assert.equal(presenceAt(cluster.at(0), client).cause, 'session')
  })

  test('L7: stays private for two intervals after the presence changed, then is announced as roamed', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const session = client.sessionId
    client.connect(two)
    cluster.jump(1_000)
    client.beat()
    // Back on the session at node 0 that it never ended: not the first beat of it.
    client.node = one
    client.sessionId = session
    const announced: number[] = []
    for (let s = 20; s <= 80; s += 20) {
      cluster.pass(20_000)
      if (client.beat().effects.publish.length > 0) announced.push(s)
    }
    assert.deepEqual(announced, [60])
    assert.equal(presenceAt(two, client).cause, 'roamed')
    assert.equal(presenceAt(two, client).attendant, one.id)
  })

  test('L7: is announced at once where the attendant is under a verdict of this node', () => {
    const { cluster, client } = started(2)
    const two = cluster.at(1)
    const session = newSession()
    cluster.cut(cluster.at(0), two)
    cluster.pass(THRESHOLD_MS - 30_000)
    client.node = two
    client.sessionId = session
    const holding = two.state.holdings.get(client.id)
    assert.ok(holding)
    // Kept private by the damping, so that the beat after the verdict is not the first of its session.
    holding.duplicateMs = holding.presenceSinceMs = cluster.time.monotonicMs
    assert.deepEqual(client.beat().effects.publish, [])
    cluster.pass(40_000)
    assert.equal(two.shown(client.id), 'active')
    holding.presenceSinceMs = cluster.time.monotonicMs
    client.beat()
    assert.equal(presenceAt(two, client).cause, 'reaffirmed')
    assert.equal(presenceAt(two, client).attendant, two.id)
  })

  test('L7: a beat for an entity attended here is private, however long the session', () => {
    const { cluster, client } = started(2)
    const sent = cluster.sent.length
    passBeating(cluster, 4 * THRESHOLD_MS, [client])
    client.connect()
    client.beat()
    assert.equal(cluster.sent.length, sent, 'a new session at the same node changes no attendant')
  })

  test('L7 (review-A6): the node left behind neither says silence nor flickers', () => {
    const { cluster, client } = started(3)
    cluster.pass(10_000)
    client.connect(cluster.at(1))
    client.beat()
    assert.equal(cluster.at(0).state.leases.size, 0, 'its deadline ended with its attendance')
    passBeating(cluster, 3 * THRESHOLD_MS, [client], () => {
      for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    })
  })
})

describe('a node that holds a newer beat', () => {
  test('L7, M3: answers an older active of another node at once', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.prompt = false
    cluster.jump(1_000)
    const session = client.sessionId
    client.connect(two)
    client.beat()
    cluster.jump(1_000)
    client.node = one
    client.sessionId = session
    client.beat()
    cluster.prompt = true
    cluster.deliverAll()
    for (const node of cluster.nodes) {
      assert.equal(presenceAt(node, client).attendant, one.id)
      assert.equal(presenceAt(node, client).cause, 'reaffirmed')
    }
    assert.ok(cluster.converged())
  })

  test('L7, M3: answers an inactive too, so a healed split corrects itself', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    cluster.pass(100_000)
    const holding = two.state.holdings.get(client.id)
    assert.ok(holding)
    holding.duplicateMs = holding.presenceSinceMs = cluster.time.monotonicMs
    client.connect(two)
    assert.deepEqual(client.beat().effects.publish, [], 'private at node 1')
    cluster.pass(THRESHOLD_MS - 100_000)
    assert.equal(one.shown(client.id), 'inactive')
    cluster.heal()
    cluster.sync(one, two)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['active', 'active'])
    assert.equal(presenceAt(one, client).attendant, two.id)
    assert.ok(cluster.converged())
  })

  test('L7: does not answer an update of the record, which says nothing of presence', () => {
    const { cluster, client } = started(2)
    const two = cluster.at(1)
    passBeating(cluster, 3 * INTERVAL_MS, [client])
    const sent = cluster.sent.length
    const act = update(client.owner, client.nowMs, { fields: { summary: 'new' } })
    taken(two.act({ type: 'update', id: client.id, act }))
    assert.equal(cluster.sent.length, sent + 1, 'the update, and nothing after it')
    assert.ok(cluster.converged())
  })

  test('L7: that is expired says nothing', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    cluster.pass(200_000)
    client.connect(two)
    client.beat()
    client.connect(one)
    cluster.jump(1_000)
    client.beat()
    cluster.pass(THRESHOLD_MS + 1_000)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['inactive', 'inactive'])
    cluster.heal()
    cluster.syncAll()
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['inactive', 'inactive'])
    assert.ok(cluster.converged())
  })
})

describe('two processes with one key', () => {
  const duplicates = (node: TestNode, found: string[]): void => {
    const { onEffects } = node
    node.onEffects = (effects) => {
      for (const notice of effects.notices) {
        if (notice.type === 'duplicate_instance') found.push(`${notice.address} beside ${notice.other}`)
      }
      onEffects(effects)
    }
  }

  test('L8: at one node are noticed when the older session beats on, with both addresses', () => {
    const { cluster, client } = started(1)
    const found: string[] = []
    duplicates(cluster.at(0), found)
    const second = new Client({ cluster, node: cluster.at(0), address: 'second' })
    cluster.pass(15_000)
    assert.deepEqual(second.beat().effects.revoke, [
      { id: client.id, reason: 'superseded', sessionId: client.sessionId },
    ])
    assert.deepEqual(found, [])
    cluster.pass(15_000)
    client.beat()
    assert.deepEqual(found, ['client beside second'])
    assert.equal(cluster.at(0).state.holdings.get(client.id)?.duplicateMs, cluster.time.monotonicMs)
  })

  test('L8: a reconnection is none, and neither is a return to a node it had left', () => {
    const { cluster, client } = started(2)
    const found: string[] = []
    for (const node of cluster.nodes) duplicates(node, found)
    for (let i = 0; i < 6; i++) {
      cluster.pass(INTERVAL_MS)
      client.connect(cluster.at(i % 2))
      client.beat()
    }
    assert.deepEqual(found, [])
  })

  test('L8: at two nodes are noticed within 60 s, and a presence moves at most once in two intervals', () => {
    const { cluster, client } = started(3)
    const found: string[] = []
    for (const node of cluster.nodes) duplicates(node, found)
    passBeating(cluster, THRESHOLD_MS, [client])
    const second = new Client({ cluster, node: cluster.at(1), address: 'second' })
    const moves: number[] = []
    const { onEffects } = cluster.at(2)
    cluster.at(2).onEffects = (effects) => {
      for (const { kind } of effects.transitions) if (kind === 'moved') moves.push(cluster.time.monotonicMs)
      onEffects(effects)
    }
    const startMs = cluster.time.monotonicMs
    second.beat()
    cluster.pass(10_000)
    passBeating(cluster, 50_000, [client])
    assert.ok(found.length >= 1)
    cluster.pass(10_000, () => {
      if (cluster.time.monotonicMs % 15_000 === 0) second.beat()
    })
    passBeating(cluster, 30 * 60_000, [client, second], () => {
      for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    })
    const gaps = moves.slice(1).map((ms, i) => ms - (moves[i] ?? startMs))
    assert.ok(
      gaps.every((gap) => gap >= 2 * INTERVAL_MS - 1_000),
      `moved after ${gaps.join(', ')} ms`,
    )
    assert.ok(cluster.converged())
  })

  test('L8: at one node are noticed within 60 s also where both beat in the same second, and one is always the later', () => {
    const { cluster, client } = started(1)
    const found: string[] = []
    duplicates(cluster.at(0), found)
    const second = new Client({ cluster, node: cluster.at(0), address: 'second' })
    client.form = second.form = 'documented'
    client.connect()
    const startMs = cluster.time.monotonicMs
    passBeating(cluster, 2 * INTERVAL_MS, [client, second])
    assert.deepEqual(found, ['second beside client'])
    assert.ok(cluster.time.monotonicMs - startMs <= 60_000)
    assert.equal(cluster.at(0).state.holdings.get(client.id)?.duplicateMs, cluster.time.monotonicMs)
  })

  test('L8: a beat repeated on a new connection, however often, is no second process', () => {
    const { cluster, client } = started(1)
    const found: string[] = []
    duplicates(cluster.at(0), found)
    client.form = 'documented'
    for (let i = 0; i < 6; i++) {
      cluster.pass(INTERVAL_MS)
      assert.equal(client.beat().outcome, 'accepted')
      client.connect()
      assert.equal(client.beat().outcome, 'duplicate')
      assert.equal(client.beat().outcome, 'duplicate')
    }
    assert.deepEqual(found, [])
  })

  test('L8: that reconnects all the time beside a steady one moves the presence at most once in two intervals', () => {
    const { cluster, client } = started(3)
    passBeating(cluster, THRESHOLD_MS, [client])
    const second = new Client({ cluster, node: cluster.at(1), address: 'second' })
    const moves: number[] = []
    const { onEffects } = cluster.at(2)
    cluster.at(2).onEffects = (effects) => {
      for (const { kind } of effects.transitions) if (kind === 'moved') moves.push(cluster.time.monotonicMs)
      onEffects(effects)
    }
    const startMs = cluster.time.monotonicMs
    passBeating(cluster, 30 * 60_000, [client], () => {
      if ((cluster.time.monotonicMs - startMs) % 5_000 !== 2_000) return
      second.connect()
      second.beat()
    })
    assert.ok(moves.length <= 30, `moved ${moves.length} times`)
    assert.ok(cluster.converged())
  })

  test('L8: a presence announced by the first beat of a session ends the session that beat here, and no other', () => {
    const { cluster, client } = started(2)
    const one = cluster.at(0)
    const revoked: unknown[] = []
    const { onEffects } = one
    one.onEffects = (effects) => {
      revoked.push(...effects.revoke)
      onEffects(effects)
    }
    passBeating(cluster, THRESHOLD_MS, [client])
    // A session at node 0 that has not beaten yet is newer than the one that is superseded.
    newSession()
    const { sessionId } = client
    client.connect(cluster.at(1))
    client.beat()
    assert.deepEqual(revoked, [{ id: client.id, reason: 'superseded', sessionId }])
  })

  test('L8: a presence that only reaffirms, or roamed, ends no session', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const session = client.sessionId
    client.connect(two)
    cluster.jump(1_000)
    client.beat()
    client.node = one
    client.sessionId = session
    const revoked: unknown[] = []
    two.onEffects = ((before) => (effects) => {
      revoked.push(...effects.revoke)
      before(effects)
    })(two.onEffects)
    cluster.pass(61_000)
    client.beat()
    assert.equal(presenceAt(two, client).cause, 'roamed')
    assert.deepEqual(revoked, [])
  })

  test('L8 (review-A6): a beat replayed at another node moves the entity there for a moment, and never makes it inactive', () => {
    const { cluster, client } = started(3)
    client.form = 'zynd'
    passBeating(cluster, 4 * INTERVAL_MS, [client])
    // The private beat of a moment ago, captured and played to a node that does not know it.
    const replayed = cluster.at(0).state.holdings.get(client.id)?.beat?.beat
    assert.ok(replayed)
    const two = cluster.at(1)
    assert.equal(two.beat(client.id, replayed, { sessionId: newSession() }).outcome, 'accepted')
    passBeating(cluster, 3 * THRESHOLD_MS, [client], () => {
      for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    })
    assert.equal(presenceAt(two, client).attendant, cluster.at(0).id)
    assert.ok(cluster.converged())
  })
})
