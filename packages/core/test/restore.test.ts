/** L5: what a node knows after a restart, and how long what it attends has to come back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  delBeat,
  delMember,
  type MemberRow,
  presenceOf,
  putBeat,
  putClock,
  putEntry,
  putMember,
  putPresence,
  readBeatRow,
  readClockRow,
  readEntryRow,
  readMemberRow,
} from '@rollcall/core'
import { type Beat, decodeDelta, type Entry, encodeBeat, encodeDelta } from '@rollcall/protocol'
import fc from 'fast-check'
import { deregistration } from './support/acts.ts'
import { documentedBeat, goodbye, nativeBeat, zyndBeat } from './support/beats.ts'
import { Client, clusterWith, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import {
  graveEntry,
  presenceOf as presenceSaid,
  recordEntry,
  recordOf,
  stampOf,
  tombstoneEntry,
  tombstoneOf,
} from './support/entries.ts'
import { nodeKeys, ownerOf } from './support/keys.ts'
import { taken } from './support/taken.ts'

const THRESHOLD_MS = 300_000
const GRACE_MS = 90_000

/** What a peer has to say that an entity beat elsewhere while this node was away. */
const HEARSAY_MS = 10_000

describe('after a restart', () => {
  // Silence before the restart, and how long the entity is shown active after it if it stays silent.
  const terms: readonly (readonly [silentMs: number, leftMs: number, why: string])[] = [
    [10_000, THRESHOLD_MS - 10_000, 'the remaining time'],
    [THRESHOLD_MS - GRACE_MS - 1_000, GRACE_MS + 1_000, 'the remaining time, just above the grace'],
    [THRESHOLD_MS - 1_000, GRACE_MS, 'the grace, where less remains'],
  ]
  for (const [silentMs, leftMs, why] of terms) {
    test(`L5: an entity silent for ${silentMs / 1_000} s has ${why}`, () => {
      const cluster = new Cluster({ count: 1 })
      const client = clusterWith(cluster)
      const node = cluster.at(0)
      client.beat()
      node.step({ type: 'flush' })
      cluster.jump(silentMs)
      node.restart()
      assert.equal(node.shown(client.id), 'active')
      assert.equal(node.state.leases.deadlineMs(client.id), cluster.time.monotonicMs + leftMs)
      cluster.pass(leftMs - 1_000)
      assert.equal(node.shown(client.id), 'active')
      cluster.pass(2_000)
      assert.equal(node.shown(client.id), 'inactive')
    })
  }

  test('L5: what was silent for the threshold already is announced inactive, unless a peer heard it meanwhile', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    one.step({ type: 'flush' })
    cluster.jump(THRESHOLD_MS)
    one.restart()
    cluster.pass(HEARSAY_MS - 1_000)
    assert.equal(one.shown(client.id), 'active')
    cluster.pass(2_000)
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['inactive', 'inactive'])
  })

  test('L5: terms of many are granted in the order in which they end', () => {
    const cluster = new Cluster({ count: 1 })
    const node = cluster.at(0)
    const clients = Array.from({ length: 8 }, (_, i) => new Client({ cluster, node, owner: ownerOf(`many ${i}`) }))
    for (const [i, client] of clients.entries()) {
      client.register()
      // Beats come in another order than ids, and every other entity is nearly over.
      cluster.pass((i % 3) * 40_000)
      client.beat()
    }
    node.step({ type: 'flush' })
    node.restart()
    for (const { id } of clients) {
      const beat = node.state.holdings.get(id)?.beat
      const silentMs = node.nodeMs - (beat?.acceptedMs ?? 0)
      const expected = silentMs >= THRESHOLD_MS ? HEARSAY_MS : Math.max(GRACE_MS, THRESHOLD_MS - silentMs)
      assert.equal(node.state.leases.deadlineMs(id), cluster.time.monotonicMs + expected)
    }
  })

  test('L5: the term runs from the acceptance of the newest beat, not from a later announcement of it', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.pass(30_000)
    client.beat()
    // 200 s later a verdict elsewhere, or an older presence heard of, makes node 0 announce the beat it holds.
    cluster.prompt = false
    cluster.pass(200_000)
    const held = one.state.holdings.get(client.id)?.beat?.beat
    assert.ok(held)
    const record = one.entry(client.id)
    assert.ok(record?.kind === 'record')
    const older = presenceSaid(client.owner, {
      birth: record.record.birth,
      beatMs: held.timeMs - 1_000,
      stamp: two.state.hybrid.issue(two.nodeMs),
    })
    one.step({
      type: 'deltas',
      deltas: [{ kind: 'presence', id: client.id, presence: older }],
      from: two.id,
      source: 'gossip',
    })
    assert.equal(presenceOf(one.entry(client.id) ?? record)?.cause, 'reaffirmed')
    cluster.pass(60_000)
    one.restart()
    assert.equal(one.state.leases.deadlineMs(client.id), cluster.time.monotonicMs + GRACE_MS, '260 s are gone')
  })

  test('L5, L7: a private beat of an entity that another attends still counts', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    passBeating(cluster, 60_000, [client])
    client.connect(two)
    client.beat()
    cluster.pass(1_000)
    // Back to node 0: the presence changed a moment ago, so this beat is node 0's alone (L7).
    const duplicate = one.state.holdings.get(client.id)
    assert.ok(duplicate)
    duplicate.duplicateMs = cluster.time.monotonicMs
    client.connect(one)
    assert.deepEqual(client.beat().effects.publish, [])
    one.step({ type: 'flush' })
    one.restart()
    assert.notEqual(one.state.leases.deadlineMs(client.id), undefined)
    const held = presenceOf(two.entry(client.id) ?? assert.fail())
    assert.ok(held)
    // An older word about the entity is answered with the newer beat.
    const silence = { ...held, status: 'inactive' as const, cause: 'silence' as const }
    const stamp = two.state.hybrid.issue(two.nodeMs)
    const inactive = presenceSaid(client.owner, { ...silence, beatMs: held.beat.timeMs, stamp })
    one.step({
      type: 'deltas',
      deltas: [{ kind: 'presence', id: client.id, presence: inactive }],
      from: two.id,
      source: 'gossip',
    })
    assert.deepEqual([one.shown(client.id), two.shown(client.id)], ['active', 'active'])
  })

  test('L5: entries, presence and private beats are what they were, and the digest with them', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const gone = new Client({ cluster, node: cluster.at(1), owner: ownerOf('gone') })
    gone.register()
    client.beat()
    gone.beat()
    cluster.jump(1)
    const end = { type: 'deregister', id: gone.id, act: deregistration(gone.owner, gone.nowMs) } as const
    taken(cluster.at(1).act(end))
    passBeating(cluster, 120_000, [client])
    for (const node of cluster.nodes) {
      const before = { digest: node.digest(), counts: node.state.counts, beat: node.state.newestBeatMs(client.id) }
      node.restart()
      assert.deepEqual({ digest: node.digest(), counts: node.state.counts, beat: before.beat }, before)
    }
    const newestMs = cluster.at(0).state.newestBeatMs(client.id)
    assert.ok(newestMs >= client.nowMs - 60_000, 'beats are durable to within 60 s')
  })

  test('L5, L6: verdicts and the silence of nodes go on where they were; its own absence is not counted', () => {
    const cluster = new Cluster({ count: 3 })
    const client = clusterWith(cluster)
    client.beat()
    const [dead, node] = [cluster.at(0), cluster.at(1)]
    cluster.stop(dead)
    cluster.pass(THRESHOLD_MS + 60_000)
    assert.equal(node.shown(client.id), 'inactive')
    const before = node.state.members.get(dead.id)
    cluster.jump(2 * THRESHOLD_MS)
    node.restart()
    const after = node.state.members.get(dead.id)
    assert.deepEqual([after?.verdict, after?.lastStamp], [before?.verdict, before?.lastStamp])
    assert.equal(node.shown(client.id), 'inactive', 'nothing is shown active again without a beat')
    const other = node.state.members.get(cluster.at(2).id)
    assert.ok(other && node.state.members.state(other, cluster.time.monotonicMs) !== 'gone')
  })

  test('L5, L6: what an attendant said last is a hearing of it, even if the member table on disk is older', () => {
    const cluster = new Cluster({ count: 2 })
    const client = clusterWith(cluster)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    two.step({ type: 'flush' })
    cluster.pass(10_000)
    client.beat()
    // Node 1 crashes before its next flush, and node 0 dies for good.
    cluster.stop(one)
    two.restart()
    assert.equal(two.shown(client.id), 'active')
    cluster.pass(THRESHOLD_MS + 2_000)
    assert.equal(two.shown(client.id), 'inactive')
  })

  test('L5, L6: an attendant that no member row speaks of is gone after the threshold, too', () => {
    const cluster = new Cluster({ count: 2 })
    const client = new Client({ cluster, node: cluster.at(0) })
    const two = cluster.at(1)
    client.register()
    client.beat()
    cluster.stop(cluster.at(0))
    two.restart()
    assert.equal(two.shown(client.id), 'active')
    cluster.pass(THRESHOLD_MS + 2_000)
    assert.equal(two.shown(client.id), 'inactive')
  })

  test('M4 (review-B7): no stamp is issued twice, with the system clock an hour back', () => {
    const cluster = new Cluster({ count: 1 })
    const client = clusterWith(cluster)
    const node = cluster.at(0)
    client.beat()
    node.step({ type: 'flush' })
    const before = node.state.hybrid.wallMs
    node.offsetMs = -3_600_000
    node.restart()
    assert.ok(node.state.hybrid.issue(node.nodeMs).wallMs >= before)
    assert.ok(node.nodeMs >= before - 60_000, 'the clock starts no lower than what is stored (L4)')
    assert.equal(client.beat().outcome, 'duplicate')
    cluster.pass(30_000)
    assert.equal(client.beat().outcome, 'accepted')
  })
})

describe('the rows of the store', () => {
  const keys = nodeKeys(2).map(({ id }) => id)
  const [n0, n1] = keys
  assert.ok(n0 && n1)
  const owner = ownerOf('stored')
  const birth = stampOf(5, n0)
  const presence = presenceSaid(owner, { birth, beatMs: 1_000, stamp: stampOf(7, n1) })
  const entries: readonly Entry[] = [
    recordEntry(recordOf(owner, { birth })),
    recordEntry(recordOf(owner, { birth }), presence),
    tombstoneEntry(tombstoneOf(owner, stampOf(8, n0))),
    graveEntry(owner, stampOf(8, n0)),
  ]
  const valueIn = (op: ReturnType<typeof putEntry>): Uint8Array => {
    if (op.kind !== 'put') throw new Error('the row is written')
    return op.value
  }

  test('L5: an entry is read as it was written, its presence from a row of its own', () => {
    for (const entry of entries) {
      const { entry: read, heldMs } = taken(readEntryRow(valueIn(putEntry(entry, 123.7))))
      assert.equal(heldMs, 124)
      const bare: Entry = entry.kind === 'record' ? { ...entry, presence: undefined } : entry
      assert.deepEqual([...encodeDelta(read)], [...encodeDelta(bare)])
      const op = putPresence(entry)
      if (presenceOf(entry) === undefined) assert.equal(op.kind, 'del')
      else assert.equal(taken(decodeDelta(valueIn(op))).kind, 'presence')
    }
  })

  test('L5: a presence is no entry', () => {
    const row = valueIn(putPresence(recordEntry(recordOf(owner, { birth }), presence)))
    assert.equal(readEntryRow(row).ok, false)
  })

  test('L5: a beat in any form is read as it was written', () => {
    const beats: readonly Beat[] = [
      nativeBeat(owner, n0, 1_000),
      goodbye(owner, n0, 1_001),
      zyndBeat(owner, 1_002),
      documentedBeat(owner, 2_000),
    ]
    for (const beat of beats) {
      const row = taken(readBeatRow(valueIn(putBeat(owner.id, { beat, acceptedMs: 1_002.5 }))))
      assert.deepEqual(encodeBeat(row.beat), encodeBeat(beat))
      assert.equal(row.acceptedMs, 1_003)
    }
  })

  test('L5: a member and the clock are read as they were written, silence and absence of a sync included', () => {
    const stamp = fc.option(fc.constant(stampOf(9, n1)), { nil: undefined })
    const row: fc.Arbitrary<MemberRow> = fc.record({
      lastStamp: stamp,
      verdict: stamp,
      silentMs: fc.nat(),
      auditHead: fc.option(fc.record({ number: fc.nat(), hash: fc.constant(new Uint8Array(32)) }), { nil: undefined }),
      syncedMs: fc.oneof(fc.constant(-1), fc.nat()),
    })
    fc.assert(
      fc.property(row, (written) => {
        assert.deepEqual(taken(readMemberRow(valueIn(putMember(n1, written)))), structuredClone(written))
      }),
    )
    const never = { lastStamp: undefined, verdict: undefined, auditHead: undefined, silentMs: Infinity, syncedMs: -1 }
    const { silentMs } = taken(readMemberRow(valueIn(putMember(n1, never))))
    assert.equal(silentMs, Number.MAX_SAFE_INTEGER)
    assert.equal(taken(readClockRow(valueIn(putClock(1_234.2)))), 1_235)
    assert.deepEqual([delBeat(owner.id).kind, delMember(n1).kind], ['del', 'del'])
  })

  test('L5: whatever bytes lie in a row, reading them fails or succeeds and never throws', () => {
    const readers = [readEntryRow, readBeatRow, readMemberRow, readClockRow]
    const written = [
      ...entries.map((entry) => valueIn(putEntry(entry, 1))),
      valueIn(putBeat(owner.id, { beat: zyndBeat(owner, 1_000), acceptedMs: 1 })),
    ]
    const damaged = fc
      .record({ row: fc.constantFrom(...written), at: fc.nat(), byte: fc.nat(255), cut: fc.nat(40) })
      .map(({ row, at, byte, cut }) => {
        const bytes = Uint8Array.from(row.subarray(0, Math.max(1, row.length - cut)))
        bytes[at % bytes.length] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        for (const read of readers) assert.equal(typeof read(bytes).ok, 'boolean')
      }),
      { numRuns: 500 },
    )
  })
})
