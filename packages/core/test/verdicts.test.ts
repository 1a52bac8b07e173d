/** L6: what it is to be heard, when a node is gone, and what follows from it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Members } from '@rollcall/core'
import { compareStamps } from '@rollcall/protocol'
import { Client, clusterWith, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import { presenceOf, stampOf } from './support/entries.ts'
import { nodeKeys, ownerOf } from './support/keys.ts'
import type { TestNode } from './support/node.ts'

const THRESHOLD_MS = 300_000
const owner = ownerOf('e')

const gone = (node: TestNode, other: TestNode): boolean => {
  const member = node.state.members.get(other.id)
  return member !== undefined && node.state.members.state(member, node.time.monotonicMs) === 'gone'
}

describe('hearing a node', () => {
  const [self, other] = nodeKeys(2).map(({ id }) => id)
  assert.ok(self && other)
  const members = (): Members => new Members(self, { suspectMs: 15_000, goneMs: THRESHOLD_MS, skewMs: 60_000 })

  test('L6: is learning a later stamp of it; an equal or older one is none', () => {
    const table = members()
    const hear = (wallMs: number, nowMs: number, ageMs = 0): boolean =>
      table.hear(other, stampOf(wallMs, other), { nowMs, ageMs })
    assert.equal(hear(10, 1_000), true)
    assert.equal(hear(10, 2_000), false)
    assert.equal(hear(9, 3_000), false)
    assert.equal(table.get(other)?.heardMs, 1_000)
    assert.equal(hear(11, 4_000, 1_500), true)
    assert.equal(table.get(other)?.heardMs, 2_500, 'its age counts as silence')
    assert.equal(hear(12, 4_000, 3_000), true)
    assert.equal(table.get(other)?.heardMs, 2_500, 'an old hearing never makes a node older than it is known to be')
  })

  test('L6: never counts this node itself', () => {
    const table = members()
    assert.equal(table.hear(self, stampOf(10, self), { nowMs: 1, ageMs: 0 }), false)
    assert.equal(table.size, 0)
  })

  test('L6: 15 s of silence are shown, the threshold makes gone', () => {
    const table = members()
    table.hear(other, stampOf(10, other), { nowMs: 0, ageMs: 0 })
    const member = table.get(other)
    assert.ok(member)
    const states = [0, 14_999, 15_000, 299_999, 300_000].map((nowMs) => table.state(member, nowMs))
    assert.deepEqual(states, ['heard', 'heard', 'suspect', 'suspect', 'gone'])
  })

  test('L6: the table is bounded', () => {
    const table = members()
    for (let i = 0; i < 1_024; i++) table.add(`node ${i}` as typeof other, 0)
    assert.equal(table.hear(other, stampOf(10, other), { nowMs: 1, ageMs: 0 }), false)
    assert.equal(table.size, 1_024)
  })
})

describe('the verdict on a silent node', () => {
  test('L6: shows its entities inactive on every node that reached it, and changes no entry and no digest', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    client.beat()
    const [dead, two, three] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    cluster.stop(dead)
    const [digest, sent, entry] = [two.digest(), cluster.sent.length, two.entry(client.id)]
    cluster.pass(THRESHOLD_MS - 1_000)
    assert.deepEqual([two.shown(client.id), three.shown(client.id)], ['active', 'active'])
    const notices: string[] = []
    const { onEffects } = two
    two.onEffects = (effects) => {
      for (const notice of effects.notices) if (notice.type === 'verdict') notices.push(notice.node)
      for (const note of effects.transitions) notices.push(note.reason)
      onEffects(effects)
    }
    cluster.pass(3_000)
    assert.deepEqual([two.shown(client.id), three.shown(client.id)], ['inactive', 'inactive'])
    assert.deepEqual([two.digest(), cluster.sent.length, two.entry(client.id)], [digest, sent, entry])
    cluster.pass(2 * THRESHOLD_MS)
    assert.deepEqual(notices, [dead.id, 'attendant_gone'], 'it is reached once, and told once')
  })

  test('L6, A1: on a node that attends nothing is reached once, too, and not again after every flush', () => {
    const cluster = new Cluster({ count: 2 })
    clusterWith(cluster)
    const [dead, node] = [cluster.at(0), cluster.at(1)]
    cluster.stop(dead)
    let verdicts = 0
    const { onEffects } = node
    node.onEffects = (effects) => {
      verdicts += effects.notices.filter(({ type }) => type === 'verdict').length
      onEffects(effects)
    }
    cluster.pass(4 * THRESHOLD_MS)
    assert.equal(verdicts, 1)
    assert.deepEqual(node.state.members.verdicts(cluster.time.monotonicMs).length, 1, 'and stays in the status (S3)')
  })

  test('L6: covers up to the last stamp heard, and is final for that', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const other = new Client({ cluster, node: cluster.at(0), owner: ownerOf('other') })
    other.register()
    client.beat()
    other.beat()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.pass(10_000)
    cluster.cut(one, two)
    passBeating(cluster, THRESHOLD_MS + 10_000, [client, other])
    assert.deepEqual([two.shown(client.id), two.shown(other.id)], ['inactive', 'inactive'])
    assert.ok(gone(two, one))
    const verdict = two.state.members.get(one.id)?.verdict
    cluster.heal()
    cluster.syncAll()
    cluster.pass(2_000)
    assert.ok(!gone(two, one), 'it is heard again')
    assert.deepEqual(
      [two.shown(client.id), two.shown(other.id)],
      ['inactive', 'inactive'],
      'nothing counts again by that',
    )
    assert.ok(cluster.converged())
    // Each beat accepted from now on announces the entity anew, with a stamp that is not covered.
    cluster.pass(10_000)
    client.beat()
    assert.deepEqual([two.shown(client.id), two.shown(other.id)], ['active', 'inactive'])
    other.beat()
    assert.deepEqual([two.shown(client.id), two.shown(other.id)], ['active', 'active'])
    assert.deepEqual(two.state.members.get(one.id)?.verdict, verdict)
  })

  test('L6 (review-A9): an entity that fell silent while its attendant was away is not shown active again', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.beat()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.pass(10_000)
    cluster.stop(one)
    cluster.pass(THRESHOLD_MS + 60_000)
    assert.equal(two.shown(client.id), 'inactive')
    cluster.wake(one)
    let revived = false
    cluster.pass(2 * THRESHOLD_MS, () => {
      revived ||= two.shown(client.id) === 'active'
    })
    assert.ok(!revived)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['inactive', 'inactive'])
    assert.ok(cluster.converged())
  })

  test('L6: the attendant reads it in a status, and announces what it covers at the next accepted beat, once', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    const covered = one.state.hybrid.issue(one.nodeMs)
    cluster.jump(1_000)
    const verdicts = [{ node: one.id, lastStamp: covered }]
    one.step({ type: 'status', origin: two.id, status: two.status({ verdicts }) })
    const sent = cluster.sent.length
    assert.equal(client.beat().effects.transitions.length, 0, 'nothing changed in its own view')
    assert.equal(cluster.sent.length, sent + 1)
    const entry = two.entry(client.id)
    assert.ok(entry?.kind === 'record' && entry.presence?.cause === 'reaffirmed')
    assert.ok(compareStamps(entry.presence.stamp, covered) > 0)
    cluster.jump(30_000)
    client.beat()
    assert.equal(cluster.sent.length, sent + 1, 'the next one is private again')
  })

  test('L6: one that is ahead of its own clock is not believed by the attendant', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.jump(1_000)
    const verdicts = [{ node: one.id, lastStamp: stampOf(one.nodeMs + 61_000, one.id) }]
    one.step({ type: 'status', origin: two.id, status: two.status({ verdicts }) })
    assert.equal(one.state.reaffirmUpTo, undefined)
    assert.ok(one.state.hybrid.wallMs < one.nodeMs + 60_000)
    assert.deepEqual(client.beat().effects.publish, [])
  })

  test('L6: a status is read though a later stamp of its node overtook it, and not twice', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.jump(1_000)
    const verdicts = [{ node: one.id, lastStamp: one.state.hybrid.issue(one.nodeMs) }]
    const status = two.status({ verdicts })
    // What node 1 gossips right after its status arrives first.
    one.step({ type: 'heard', node: two.id, stamp: two.state.hybrid.issue(two.nodeMs), ageMs: 0 })
    one.step({ type: 'status', origin: two.id, status })
    assert.deepEqual(one.state.reaffirmUpTo, verdicts[0]?.lastStamp)
    assert.deepEqual(one.state.members.get(two.id)?.status, status)
    const older = { ...status, stamp: stampOf(status.stamp.wallMs - 1_000, two.id), name: 'older' }
    one.step({ type: 'status', origin: two.id, status: older })
    assert.equal(one.state.members.get(two.id)?.status?.name, status.name)
  })

  test('L6: a private beat here outlives a verdict on the attendant', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    const [one, two, three] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    client.beat()
    cluster.pass(10_000)
    cluster.stop(one)
    cluster.pass(200_000)
    const holding = two.state.holdings.get(client.id)
    assert.ok(holding)
    holding.duplicateMs = holding.presenceSinceMs = cluster.time.monotonicMs
    client.connect(two)
    assert.deepEqual(client.beat().effects.publish, [], 'it is private')
    cluster.pass(100_000)
    assert.deepEqual([two.shown(client.id), three.shown(client.id)], ['active', 'inactive'])
    // The next beat finds the attendant under a verdict, and is announced at once (L7).
    client.beat()
    assert.deepEqual([two.shown(client.id), three.shown(client.id)], ['active', 'active'])
  })
})

describe('the ways of a hearing', () => {
  test('L6 (review-A8): a stamp relayed by a third node keeps a node alive for those who have no link to it', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    client.beat()
    passBeating(cluster, 2 * THRESHOLD_MS, [client], () => {
      for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    })
    assert.ok(!gone(two, one))
    assert.ok(cluster.converged())
  })

  test('L6: so does a line of a member table, with its age', () => {
    const cluster = new Cluster({ count: 2 })
    clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    cluster.pass(200_000)
    const stamp = one.state.hybrid.issue(one.nodeMs)
    two.step({ type: 'heard', node: one.id, stamp, ageMs: 50_000 })
    cluster.pass(THRESHOLD_MS - 51_000)
    assert.ok(!gone(two, one))
    cluster.pass(2_000)
    assert.ok(gone(two, one))
  })

  test('L6 (review-A8): an open connection is none: a hung process is gone after the threshold', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.beat()
    const hung = cluster.at(0)
    // Nothing is cut: it is there, and says nothing.
    cluster.stop(hung)
    cluster.pass(THRESHOLD_MS + 1_000)
    assert.equal(cluster.at(1).shown(client.id), 'inactive')
  })

  test('L6: a new node takes last stamp and age of an attendant it never heard from its peers', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    const [dead, two, fresh] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    client.beat()
    cluster.pass(10_000)
    cluster.stop(dead)
    fresh.wipe()
    cluster.pass(100_000)
    cluster.sync(fresh, two)
    assert.equal(fresh.shown(client.id), 'active')
    cluster.pass(THRESHOLD_MS - 101_000)
    assert.equal(fresh.shown(client.id), 'active')
    cluster.pass(3_000)
    assert.deepEqual([two.shown(client.id), fresh.shown(client.id)], ['inactive', 'inactive'])
  })

  test('L6: an attendant nobody has heard is gone', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const entry = one.entry(client.id)
    assert.ok(entry?.kind === 'record')
    // Announced ten minutes ago by a node of which there is no other trace.
    const [, , stranger] = nodeKeys(3).map(({ id }) => id)
    assert.ok(stranger)
    const stamp = stampOf(one.nodeMs - 600_000, stranger)
    const presence = presenceOf(owner, { birth: entry.record.birth, beatMs: stamp.wallMs, stamp })
    two.step({ type: 'deltas', deltas: [{ kind: 'presence', id: client.id, presence }], from: one.id, source: 'sync' })
    two.tick()
    assert.equal(two.shown(client.id), 'inactive')
  })

  test('L6 (review-B15): a silent entity on a dying node is shown active for at most two thresholds', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.beat()
    cluster.pass(THRESHOLD_MS - 1_000)
    cluster.stop(cluster.at(0))
    cluster.pass(THRESHOLD_MS - 20_000)
    assert.equal(cluster.at(1).shown(client.id), 'active')
    cluster.pass(20_000 + 2_000)
    assert.equal(cluster.at(1).shown(client.id), 'inactive')
  })

  test('L6: a node silent until it is forgotten is forgotten, unless its verdict still covers somebody', () => {
    const cluster = new Cluster({ count: 3, settings: { ...new Cluster({ count: 1 }).settings, forgetMs: 600_000 } })
    const client = clusterWith(cluster)
    client.beat()
    const [attendant, two, idle] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    cluster.stop(attendant)
    cluster.stop(idle)
    cluster.pass(800_000)
    assert.equal(two.state.members.get(idle.id), undefined)
    assert.equal(two.disk.get('member', idle.id), undefined)
    assert.notEqual(two.state.members.get(attendant.id)?.verdict, undefined)
    assert.equal(two.shown(client.id), 'inactive')
    // Beating here, the entity is attended here, and the verdict covers nobody any more.
    client.connect(two)
    client.beat()
    cluster.pass(61_000)
    assert.equal(two.state.members.get(attendant.id), undefined)
    assert.equal(two.shown(client.id), 'active')
  })
})
