/** L3, L4, L11: when silence makes inactive, and who says so. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { base64 } from '@rollcall/protocol'
import { zyndDeregister, zyndRegister } from './support/acts.ts'
import { Client, clusterWith, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import { presenceOf } from './support/entries.ts'
import { ownerOf } from './support/keys.ts'
import { SETTINGS } from './support/settings.ts'
import { taken } from './support/taken.ts'

const THRESHOLD_MS = 300_000
const HOUR_MS = 3_600_000

describe('silence', () => {
  test('L3: makes inactive within a tick after the threshold, once, and on every node', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    client.beat()
    const transitions: string[] = []
    for (const node of cluster.nodes) {
      const before = node.onEffects
      node.onEffects = (effects) => {
        for (const { kind, reason } of effects.transitions) transitions.push(`${kind} ${reason}`)
        before(effects)
      }
    }
    cluster.pass(THRESHOLD_MS - 1_000)
    for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    assert.deepEqual(transitions, [])
    cluster.pass(1_000)
    for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'inactive')
    cluster.pass(THRESHOLD_MS)
    assert.deepEqual(transitions, Array(3).fill('inactive silence'))
    assert.ok(cluster.converged())
  })

  test('L3, M3: is said of the newest beat, so no older word about the entity revives it', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    passBeating(cluster, 120_000, [client])
    const newestMs = one.state.newestBeatMs(client.id)
    cluster.pass(THRESHOLD_MS)
    const held = one.entry(client.id)
    assert.ok(held?.kind === 'record' && held.presence?.status === 'inactive')
    assert.equal(held.presence.beat.timeMs, newestMs)
    const { birth } = held.record
    const stamp = two.state.hybrid.issue(two.nodeMs)
    const older = presenceOf(client.owner, { birth, beatMs: newestMs - 1_000, stamp })
    const delta = { kind: 'presence', id: client.id, presence: older } as const
    one.step({ type: 'deltas', deltas: [delta], from: two.id, source: 'gossip' })
    assert.equal(one.shown(client.id), 'inactive')
  })

  test('Liveness that lies, L3: with beats every interval never comes, over many thresholds, on any node, without a transition', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.beat()
    const sent = cluster.sent.length
    passBeating(cluster, 5 * THRESHOLD_MS, [client], () => {
      for (const node of cluster.nodes) assert.equal(node.shown(client.id), 'active')
    })
    assert.equal(cluster.sent.length, sent, 'heartbeats do not travel (G1)')
  })

  test('L3: of very many at once costs a bounded tick each, and one signature a tick', () => {
    const cluster = new Cluster({ count: 1 })
    const node = cluster.at(0)
    const many = Array.from({ length: 70 }, (_, i) => new Client({ cluster, node, owner: ownerOf(`many ${i}`) }))
    for (const client of many) {
      client.register()
      client.beat()
    }
    cluster.pass(THRESHOLD_MS - 1_000)
    cluster.jump(1_000)
    const ticks = [node.tick(), node.tick(), node.tick()]
    const signatures = ticks.map(
      ({ publish }) =>
        new Set(
          publish.map((delta) => (delta.kind === 'presence' ? base64(delta.presence.word.bytes.subarray(0, 64)) : '')),
        ).size,
    )
    assert.deepEqual(
      ticks.map(({ publish, transitions }) => [publish.length, transitions.length]),
      [
        [32, 32],
        [32, 32],
        [6, 6],
      ],
    )
    assert.deepEqual(signatures, [1, 1, 1])
    assert.deepEqual(
      ticks.map(({ isUnfinished }) => isUnfinished),
      [true, true, false],
      'the next tick comes at once while something is due',
    )
  })

  test('L3: a node runs a deadline for an active presence that names it, learnt from a peer (review-A7)', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    // The activation is told to node 1 and lost here with the disk.
    cluster.pass(100_000)
    one.wipe()
    cluster.sync(one, two)
    assert.equal(one.shown(client.id), 'active')
    cluster.pass(THRESHOLD_MS - 1_000)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['active', 'active'])
    cluster.pass(2_000)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['inactive', 'inactive'])
    assert.ok(cluster.converged())
  })

  test('L3: where it holds an older beat only, a full threshold from learning of the newer one', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    const copy = one.disk.copy()
    cluster.pass(THRESHOLD_MS)
    assert.equal(one.shown(client.id), 'inactive')
    client.beat()
    cluster.pass(100_000)
    // By the copy, the first beat is 400 s old and the entity's time is over.
    one.restore(copy)
    cluster.sync(one, two)
    assert.equal(one.state.leases.deadlineMs(client.id), cluster.time.monotonicMs + THRESHOLD_MS)
    cluster.pass(THRESHOLD_MS - 1_000)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['active', 'active'])
  })

  test('L3: the sweep grants a deadline to what should have one and has none', () => {
    const cluster = new Cluster({ count: 1 })
    const client = clusterWith(cluster)
    const node = cluster.at(0)
    client.beat()
    node.state.leases.end(client.id)
    node.step({ type: 'sweep', ids: [client.id] })
    assert.notEqual(node.state.leases.deadlineMs(client.id), undefined)
  })

  test('L11: is said by the attendant alone: a private deadline elsewhere moves nothing', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    // Damped: node 1 has just heard of the change, and keeps this beat to itself.
    const holding = two.state.holdings.get(client.id)
    if (holding !== undefined) holding.duplicateMs = cluster.time.monotonicMs
    cluster.jump(1_000)
    client.connect(two)
    const { outcome, effects } = client.beat()
    assert.equal(outcome, 'accepted')
    assert.deepEqual(effects.publish, [])
    client.connect(one)
    passBeating(cluster, THRESHOLD_MS + 60_000, [client], () => {
      assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['active', 'active'])
    })
  })

  test('L11: nothing but a lease that ran out says silence', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    client.beat()
    const two = cluster.at(1)
    cluster.stop(cluster.at(0))
    cluster.pass(3 * THRESHOLD_MS)
    assert.equal(two.shown(client.id), 'inactive', 'the verdict shows it so')
    const held = two.entry(client.id)
    assert.equal(held?.kind === 'record' ? held.presence?.status : undefined, 'active', 'and no entry says it (L6)')
  })
})

describe('lateness', () => {
  test('L4: a gap of ten minutes between turns kills nobody on this node, and is told', () => {
    const cluster = new Cluster({ count: 1 })
    const client = clusterWith(cluster)
    client.beat()
    cluster.pass(200_000)
    cluster.jump(600_000)
    const effects = cluster.at(0).tick()
    assert.equal(cluster.at(0).shown(client.id), 'active')
    assert.deepEqual(effects.notices, [{ type: 'late', lateMs: 599_000 }])
    cluster.pass(98_000)
    assert.equal(cluster.at(0).shown(client.id), 'active')
    cluster.pass(2_000)
    assert.equal(cluster.at(0).shown(client.id), 'inactive')
  })

  test('L4: whatever comes first after the gap, a beat or a message, deadlines are moved before it counts', () => {
    for (const first of ['beat', 'sweep', 'flush'] as const) {
      const cluster = new Cluster({ count: 1 })
      const client = clusterWith(cluster)
      const other = new Client({ cluster, node: cluster.at(0), owner: ownerOf('other') })
      other.register()
      other.beat()
      client.beat()
      cluster.pass(1_000)
      cluster.jump(600_000)
      if (first === 'beat') other.beat()
      else cluster.at(0).step(first === 'sweep' ? { type: 'sweep', ids: [client.id] } : { type: 'flush' })
      cluster.pass(1_000)
      assert.equal(cluster.at(0).shown(client.id), 'active', first)
    }
  })

  test('L4, L6: a node that slept reaches no verdict on those it did not listen to', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    client.beat()
    cluster.tellStatus()
    const sleeper = cluster.at(1)
    cluster.stop(sleeper)
    passBeating(cluster, 2 * THRESHOLD_MS, [client])
    cluster.wake(sleeper)
    const { notices } = sleeper.tick()
    assert.deepEqual(
      notices.map(({ type }) => type),
      ['late'],
    )
    assert.equal(sleeper.shown(client.id), 'active')
  })

  test('L4 (review-B3): suspended for ten minutes, its peers may show its entities inactive, the next beat ends it', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.pass(10_000)
    cluster.stop(one)
    cluster.pass(600_000)
    assert.equal(two.shown(client.id), 'inactive')
    cluster.wake(one)
    cluster.pass(10_000)
    assert.equal(one.shown(client.id), 'active')
    client.beat()
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['active', 'active'])
    assert.ok(cluster.converged())
  })

  test('L4: a jump of the system clock changes no deadline and refuses no beat', () => {
    for (const jumpMs of [HOUR_MS, -HOUR_MS]) {
      const cluster = new Cluster({ count: 3 })
      const client = clusterWith(cluster)
      client.beat()
      cluster.pass(10_000)
      const node = cluster.at(0)
      node.offsetMs = jumpMs
      passBeating(cluster, 2 * THRESHOLD_MS, [client], () => {
        for (const one of cluster.nodes) assert.equal(one.shown(client.id), 'active')
      })
      const clock = node.tick().notices.find(({ type }) => type === 'clock')
      assert.deepEqual(clock, { type: 'clock', followed: false, deviationMs: jumpMs }, 'reported, not followed')
      cluster.pass(THRESHOLD_MS + 1_000)
      for (const one of cluster.nodes) assert.equal(one.shown(client.id), 'inactive')
    }
  })

  test('L4: a step is followed when the nodes heard agree with the new time, and no deadline moves', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    const node = cluster.at(0)
    client.beat()
    cluster.pass(10_000)
    // Both peers report clocks that stand where the system clock of this node now does.
    node.offsetMs = 30 * 60_000
    for (const peer of [cluster.at(1), cluster.at(2)]) {
      const status = peer.status({ clockMs: node.wallMs })
      node.step({ type: 'status', origin: peer.id, status })
    }
    const deadline = node.state.leases.deadlineMs(client.id)
    const before = node.nodeMs
    assert.deepEqual(
      node.tick().notices.find(({ type }) => type === 'clock'),
      { type: 'clock', followed: true, deviationMs: 0 },
    )
    assert.equal(node.nodeMs, before + 30 * 60_000)
    assert.equal(node.state.leases.deadlineMs(client.id), deadline)
    assert.equal(node.shown(client.id), 'active')
  })

  test('L4: what a node measured by its clock goes with a step that it follows: no time has passed by it', () => {
    for (const stepMs of [HOUR_MS, -90_000]) {
      const cluster = new Cluster({ count: 3, settings: { ...SETTINGS, retentionMs: HOUR_MS / 2 } })
      const client = clusterWith(cluster)
      const node = cluster.at(0)
      client.beat()
      const dead = ownerOf('dead')
      taken(node.act({ type: 'register', act: zyndRegister(dead) }))
      taken(node.act({ type: 'deregister', id: dead.id, act: zyndDeregister(dead) }))
      node.state.endedBeats.set(dead.id, { timeMs: 1, untilMs: node.nodeMs + 120_000 })
      cluster.pass(60_000)
      cluster.syncAll()
      const measured = (): (number | undefined)[] => [
        ...[...node.state.holdings.values()].map(({ heldMs }) => heldMs),
        node.state.holdings.get(client.id)?.beat?.acceptedMs,
        node.state.endedBeats.get(dead.id)?.untilMs,
      ]
      const ages = (): number[] => measured().map((ms) => Math.round(node.nodeMs - (ms ?? 0)))
      const syncs = (): number[] => [...node.state.members.all()].map(({ syncedMs }) => node.nodeMs - syncedMs)
      const [before, syncedBefore] = [ages(), syncs()]
      node.offsetMs = stepMs
      for (const peer of [cluster.at(1), cluster.at(2)]) {
        node.step({ type: 'status', origin: peer.id, status: peer.status({ clockMs: node.wallMs }) })
      }
      const { notices } = node.tick()
      assert.ok(notices.some((notice) => notice.type === 'clock' && notice.followed))
      assert.equal(node.entry(dead.id)?.kind, 'tombstone')
      assert.deepEqual(ages(), before, `a step of ${stepMs} ms`)
      // But for the syncs, of which none may count for later than it was (T3): there it may have passed.
      assert.deepEqual(
        syncs(),
        syncedBefore.map((ageMs) => ageMs + Math.max(0, stepMs)),
      )
    }
  })

  test('L4: what a node that is not heard any more said of its clock counts for nothing', () => {
    const cluster = new Cluster({ count: 2 })
    clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    one.step({ type: 'status', origin: two.id, status: two.status({ clockMs: one.wallMs + HOUR_MS }) })
    cluster.stop(two)
    cluster.pass(20_000)
    one.offsetMs = HOUR_MS
    const clock = one.tick().notices.find(({ type }) => type === 'clock')
    assert.deepEqual(clock, { type: 'clock', followed: false, deviationMs: HOUR_MS })
  })
})
