/** M4: what lies further ahead of the clock than the skew is refused, moves no clock, and is withdrawn where it is held. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Effects } from '@rollcall/core'
import type { Delta } from '@rollcall/protocol'
import { update, zyndDeregister, zyndRegister } from './support/acts.ts'
import { Client, clusterWith, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import {
  graveEntry,
  presenceOf,
  recordEntry,
  recordOf,
  stampOf,
  tombstoneEntry,
  tombstoneOf,
} from './support/entries.ts'
import { nodeKeys, ownerOf } from './support/keys.ts'
import { startOfTime } from './support/node.ts'
import { SETTINGS } from './support/settings.ts'
import { taken } from './support/taken.ts'

const SKEW_MS = 60_000
const HOUR_MS = 3_600_000

const started = (count = 2): { cluster: Cluster; client: Client } => {
  const cluster = new Cluster({ count })
  return { cluster, client: clusterWith(cluster) }
}

describe('what is ahead of the clock', () => {
  const owner = ownerOf('e')
  const other = ownerOf('other')

  test('M4: is refused with every kind of entry and told, and does not move the clock; at the skew it is taken', () => {
    for (const [aheadMs, refused] of [
      [SKEW_MS, false],
      [SKEW_MS + 1, true],
    ] as const) {
      const { cluster } = started()
      const [one, two] = [cluster.at(0), cluster.at(1)]
      const held = one.entry(owner.id)
      assert.ok(held?.kind === 'record')
      const { birth } = held.record
      const at = stampOf(one.nodeMs + aheadMs, two.id)
      const past = stampOf(one.nodeMs - 1_000, two.id)
      const deltas: readonly Delta[] = [
        recordEntry(recordOf(other, { birth: at })),
        recordEntry(recordOf(other, { birth: past, stamp: at })),
        { kind: 'presence', id: owner.id, presence: presenceOf(owner, { birth, beatMs: 1_000, stamp: at }) },
        { kind: 'presence', id: owner.id, presence: presenceOf(owner, { birth, beatMs: at.wallMs, stamp: past }) },
        recordEntry(held.record, presenceOf(owner, { birth, beatMs: at.wallMs, stamp: past })),
        tombstoneEntry(tombstoneOf(owner, at)),
        graveEntry(ownerOf('nobody here'), at),
      ]
      for (const delta of deltas) {
        const { notices } = one.step({ type: 'deltas', deltas: [delta], from: two.id, source: 'sync' })
        const reasons = notices.flatMap((notice) => (notice.type === 'refused' ? [notice.reason] : []))
        assert.deepEqual(reasons, refused ? ['stamp_future'] : [], delta.kind)
        if (refused) assert.ok(one.state.hybrid.wallMs <= one.nodeMs + SKEW_MS)
      }
      if (refused) assert.equal(one.entry(owner.id), held)
    }
  })

  test('M4: is refused alone where it is the presence of a record: the record is joined', () => {
    const { cluster } = started()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const past = stampOf(one.nodeMs - 1_000, two.id)
    const record = recordOf(other, { birth: past })
    const ahead = stampOf(one.nodeMs + SKEW_MS + 1, two.id)
    for (const said of [
      { birth: past, beatMs: 1_000, stamp: ahead },
      { birth: past, beatMs: ahead.wallMs, stamp: past },
    ]) {
      const delta = recordEntry(record, presenceOf(other, said))
      const { notices } = one.step({ type: 'deltas', deltas: [delta], from: two.id, source: 'sync' })
      assert.deepEqual(notices, [{ type: 'refused', id: other.id, from: two.id, reason: 'stamp_future' }])
      assert.deepEqual(one.entry(other.id), recordEntry(record))
    }
  })

  test('M4: holds for the time of the owner too, who may be ahead of a node that is ahead', () => {
    const { cluster } = started()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const past = stampOf(one.nodeMs - 1_000, two.id)
    const limitMs = one.nodeMs + 2 * SKEW_MS
    for (const [issuedAtMs, refused] of [
      [Math.floor(limitMs), false],
      [Math.floor(limitMs) + 1, true],
    ] as const) {
      const [born, dead] = [ownerOf(`born ${issuedAtMs}`), ownerOf(`dead ${issuedAtMs}`)]
      const deltas = [
        recordEntry(recordOf(born, { birth: past, issuedAtMs })),
        tombstoneEntry(tombstoneOf(dead, past, issuedAtMs)),
      ]
      const { notices } = one.step({ type: 'deltas', deltas, from: two.id, source: 'sync' })
      const reasons = notices.flatMap((notice) => (notice.type === 'refused' ? [notice.reason] : []))
      assert.deepEqual(reasons, refused ? ['stamp_future', 'stamp_future'] : [])
      assert.deepEqual(
        [born, dead].map(({ id }) => one.entry(id) === undefined),
        [refused, refused],
      )
    }
  })

  test('M4: is no hearing, in any message of a node', () => {
    const { cluster } = started()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    // What its clock reads is no hearing, and counts all the same (L4): it may be this node that is behind.
    const hearing = (): unknown => {
      const { lastStamp, heardMs, status } = one.state.members.get(two.id) ?? {}
      return { lastStamp, heardMs, status }
    }
    const before = hearing()
    const stamp = stampOf(one.nodeMs + SKEW_MS + 1, two.id)
    one.step({ type: 'heard', node: two.id, stamp, ageMs: 0 })
    one.step({ type: 'status', origin: two.id, status: two.status({ stamp, name: 'from the future' }) })
    assert.deepEqual(hearing(), before)
    assert.ok(one.state.hybrid.wallMs < stamp.wallMs)
  })

  test('M4: a stamp within the skew moves the clock, so that what is written next is later', () => {
    const { cluster, client } = started()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const stamp = stampOf(one.nodeMs + 59_000, two.id)
    one.step({ type: 'heard', node: two.id, stamp, ageMs: 0 })
    client.beat()
    const entry = one.entry(client.id)
    assert.ok(entry?.kind === 'record' && entry.presence && entry.presence.stamp.wallMs >= stamp.wallMs)
    assert.ok(one.nodeMs < stamp.wallMs, 'the steady clock follows nobody (L4)')
  })
})

describe('a clock that was an hour ahead, and was mended', () => {
  /** Node 0 and its entity begin an hour ahead; the system clock is put right, and two peers agree with it. */
  const mended = (
    meanwhile: (client: Client) => void = () => undefined,
  ): { cluster: Cluster; client: Client; effects: Effects } => {
    const cluster = new Cluster({ count: 3, settings: SETTINGS, offsetsMs: [HOUR_MS, 0, 0] })
    const client = new Client({ cluster, node: cluster.at(0) })
    client.offsetMs = HOUR_MS
    client.register()
    client.beat()
    assert.equal(cluster.at(0).shown(client.id), 'active')
    assert.equal(cluster.at(1).entry(client.id), undefined, 'its peers refuse all of it')
    meanwhile(client)
    cluster.tellStatus()
    cluster.at(0).offsetMs = 0
    client.offsetMs = 0
    cluster.jump(1_000)
    const effects = cluster.at(0).tick()
    const clock = effects.notices.find(({ type }) => type === 'clock')
    assert.deepEqual(clock, { type: 'clock', followed: true, deviationMs: 0 })
    return { cluster, client, effects }
  }

  test('M4 (review-B2): what lies ahead is withdrawn with the clock, and honest beats count from then on', () => {
    const { client, effects } = mended()
    const { node } = client
    assert.deepEqual(
      effects.transitions.map(({ kind, from, to }) => [kind, from, to]),
      [['registered', 'active', 'inactive']],
    )
    assert.equal(client.beat().outcome, 'accepted')
    assert.equal(node.shown(client.id), 'active')
  })

  test('M4 (review-B2): and stay so: the entity does not flicker with every sweep', () => {
    const { cluster, client } = mended()
    const node = cluster.at(0)
    node.step({ type: 'sweep', ids: [client.id] })
    cluster.jump(1_000)
    client.beat()
    passBeating(cluster, 300_000, [client], () => {
      assert.equal(node.shown(client.id), 'active')
    })
  })

  test('M4 (review-B2): the memory of a birth that ended is withdrawn, too', () => {
    const { cluster, client } = mended((owner) => {
      const node = owner.node
      taken(node.act({ type: 'deregister', id: owner.id, act: zyndDeregister(owner.owner) }))
      taken(node.act({ type: 'register', act: zyndRegister(owner.owner) }))
    })
    assert.equal(client.beat().outcome, 'accepted')
    assert.equal(cluster.at(0).state.endedBeats.size, 0)
  })

  test('M4: a private beat is withdrawn from the disk as well', () => {
    const { cluster, client } = mended(({ node }) => node.step({ type: 'flush' }))
    const node = cluster.at(0)
    assert.equal(node.disk.get('beat', client.id), undefined)
    cluster.jump(1_000)
    assert.equal(client.beat().outcome, 'accepted')
  })

  test('M4: its hybrid clock starts anew, and its acknowledged writes reach everybody', () => {
    const [dead, late] = [ownerOf('dead'), ownerOf('late')]
    const { cluster, client } = mended(({ node, nowMs }) => {
      for (const owner of [dead, late]) taken(node.act({ type: 'register', act: zyndRegister(owner) }))
      taken(node.act({ type: 'deregister', id: dead.id, act: zyndDeregister(dead) }))
      taken(node.act({ type: 'update', id: late.id, act: update(late, nowMs, { fields: { summary: 'ahead' } }) }))
    })
    const node = cluster.at(0)
    assert.ok(node.state.hybrid.wallMs <= node.nodeMs + SKEW_MS)
    cluster.syncAll()
    assert.ok(cluster.converged())
    for (const one of cluster.nodes) {
      assert.equal(one.entry(client.id)?.kind, 'record')
      assert.equal(one.entry(dead.id)?.kind, 'tombstone')
      const entry = one.entry(late.id)
      assert.ok(entry?.kind === 'record' && entry.record.profile.summary === 'ahead')
    }
    cluster.jump(1_000)
    assert.equal(client.beat().outcome, 'accepted')
    for (const one of cluster.nodes) assert.equal(one.shown(client.id), 'active')
    const act = update(client.owner, client.nowMs, { fields: { summary: 'on time' } })
    taken(cluster.at(1).act({ type: 'update', id: client.id, act }))
    assert.ok(cluster.converged())
  })

  test('M4, L6: of a node that was heard ahead, what a verdict names is still what was heard last', () => {
    const key = nodeKeys(9)[8]
    assert.ok(key)
    const last = stampOf(startOfTime().wallMs, key.id)
    const { client } = mended(({ node }) => {
      node.step({ type: 'heard', node: key.id, stamp: last, ageMs: SETTINGS.thresholdMs })
      node.tick()
      assert.deepEqual(node.state.members.get(key.id)?.verdict, last)
      node.step({ type: 'heard', node: key.id, stamp: stampOf(node.nodeMs, key.id), ageMs: 0 })
    })
    const { lastStamp, verdict } = client.node.state.members.get(key.id) ?? {}
    assert.deepEqual({ lastStamp, verdict }, { lastStamp: last, verdict: last })
  })

  test('M4: what is kept of a record, a little ahead itself, stays before its new stamp', () => {
    const cluster = new Cluster({ count: 3, settings: SETTINGS, offsetsMs: [SKEW_MS - 10_000, 0, 0] })
    const node = cluster.at(0)
    const client = new Client({ cluster, node })
    client.offsetMs = SKEW_MS - 10_000
    client.register()
    const before = node.entry(client.id)
    node.offsetMs = client.offsetMs = HOUR_MS
    node.restart()
    taken(
      node.act({
        type: 'update',
        id: client.id,
        act: update(client.owner, client.nowMs, { fields: { summary: 'x' } }),
      }),
    )
    cluster.tellStatus()
    node.offsetMs = client.offsetMs = 0
    cluster.jump(1_000)
    node.tick()
    const after = node.entry(client.id)
    assert.ok(before?.kind === 'record' && after?.kind === 'record')
    assert.equal(after.record.profile.summary, 'x')
    assert.deepEqual(after.record.birth, before.record.birth)
    assert.ok(after.record.stamp.wallMs <= node.nodeMs + SKEW_MS)
    cluster.syncAll()
    assert.ok(cluster.converged())
  })

  test('M4, L4: also where the node was restarted meanwhile, and began at the time in its store', () => {
    const cluster = new Cluster({ count: 3, settings: SETTINGS, offsetsMs: [HOUR_MS, 0, 0] })
    const node = cluster.at(0)
    const client = new Client({ cluster, node })
    client.offsetMs = HOUR_MS
    client.register()
    client.beat()
    node.step({ type: 'flush' })
    node.offsetMs = client.offsetMs = 0
    node.restart()
    assert.ok(node.nodeMs > cluster.time.wallMs + SKEW_MS)
    cluster.pass(60_000)
    assert.ok(Math.abs(node.nodeMs - cluster.time.wallMs) < SKEW_MS)
    assert.ok(cluster.converged())
    client.beat()
    for (const one of cluster.nodes) assert.equal(one.shown(client.id), 'active')
    node.restart()
    assert.ok(Math.abs(node.nodeMs - cluster.time.wallMs) < SKEW_MS, 'the stored clock went back, too')
  })

  test('M4: what another wrote ahead is given back to it, and its node is heard again', () => {
    const cluster = new Cluster({ count: 5, settings: SETTINGS, offsetsMs: [HOUR_MS, HOUR_MS, 0, 0, 0] })
    const client = new Client({ cluster, node: cluster.at(0) })
    client.offsetMs = HOUR_MS
    client.register()
    client.beat()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    assert.equal(two.shown(client.id), 'active')
    cluster.tellStatus()
    client.offsetMs = one.offsetMs = two.offsetMs = 0
    cluster.tellStatus()
    cluster.jump(1_000)
    two.tick()
    assert.equal(two.entry(client.id), undefined)
    assert.equal(two.disk.get('entry', client.id), undefined)
    cluster.tellStatus()
    one.tick()
    cluster.syncAll()
    assert.ok(cluster.converged())
    client.beat()
    passBeating(cluster, 2 * SETTINGS.thresholdMs, [client], () => {
      for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    })
  })

  test('M4: entities of others, and beats on time, are left alone by the sweep', () => {
    const { cluster, client } = started(3)
    client.offsetMs = SKEW_MS
    client.beat()
    passBeating(cluster, 2 * SKEW_MS, [client], () => {
      for (const node of cluster.nodes) {
        node.step({ type: 'sweep', ids: [...node.state.holdings.keys()] })
        assert.equal(node.shown(client.id), 'active')
      }
    })
  })
})
