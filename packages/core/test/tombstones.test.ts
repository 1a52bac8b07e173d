/** T1–T4, I3: how an entity ends, who is believed about it, and why it never comes back by itself. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Delta, Signer, Tombstone } from '@rollcall/protocol'
import { makeTombstone, parseProfile } from '@rollcall/protocol'
import {
  deregistration,
  nativeAct,
  proofJson,
  registration,
  update,
  zyndDeregister,
  zyndRegister,
} from './support/acts.ts'
import { Client, clusterWith, passBeating } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import { graveEntry, presenceOf, recordEntry, recordOf, stampOf, tombstoneEntry } from './support/entries.ts'
import { nodeKeys, ownerOf, signerOf } from './support/keys.ts'
import type { TestNode } from './support/node.ts'
import { SETTINGS } from './support/settings.ts'
import { taken } from './support/taken.ts'

/** A retention and a time to forget that tests can wait for. */
const SHORT = { ...SETTINGS, retentionMs: 600_000, forgetMs: 1_200_000 }

const started = (count: number): { cluster: Cluster; client: Client } => {
  const cluster = new Cluster({ count, settings: SHORT })
  return { cluster, client: clusterWith(cluster) }
}

const deregister = (client: Client, node: TestNode = client.node): void => {
  client.cluster.jump(1)
  taken(node.act({ type: 'deregister', id: client.id, act: deregistration(client.owner, client.nowMs) }))
}

const kinds = (cluster: Cluster, client: Client): (string | undefined)[] =>
  cluster.nodes.map((node) => node.entry(client.id)?.kind)

const learn = (node: TestNode, from: TestNode, ...deltas: readonly Delta[]): string[] =>
  node
    .step({ type: 'deltas', deltas, from: from.id, source: 'sync' })
    .notices.flatMap((notice) => (notice.type === 'refused' ? [notice.reason] : []))

describe('a deregistration', () => {
  test('T1: is durable, told at once, hides the entity everywhere and ends its sessions', () => {
    const { cluster, client } = started(2)
    client.beat()
    const revoked: unknown[] = []
    const two = cluster.at(1)
    two.onEffects = ((before) => (effects) => {
      revoked.push(...effects.revoke)
      before(effects)
    })(two.onEffects)
    deregister(client)
    assert.deepEqual([cluster.at(0).shown(client.id), two.shown(client.id)], ['tombstone', 'tombstone'])
    assert.deepEqual(revoked, [{ id: client.id, reason: 'deregistered' }])
    const entry = two.entry(client.id)
    assert.ok(entry?.kind === 'tombstone')
    assert.deepEqual([...entry.tombstone.publicKey], [...client.owner.signer.publicKey])
    assert.deepEqual(two.state.counts, { active: 0, inactive: 0, tombstones: 1, graves: 0 })
  })

  test('T1, M2 (review-A1): ends the birth whatever updates followed elsewhere, and a later registration stands', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    deregister(client)
    cluster.jump(60_000)
    const act = update(client.owner, client.nowMs, { fields: { summary: 'did not hear of it' } })
    taken(two.act({ type: 'update', id: client.id, act }))
    cluster.heal()
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['tombstone', 'tombstone'])
    cluster.jump(1)
    taken(two.act({ type: 'register', act: registration(client.owner, client.nowMs) }))
    assert.deepEqual(kinds(cluster, client), ['record', 'record'])
    assert.ok(cluster.converged())
  })

  test('M2, A1: followed by a registration before this node heard of it is told as a registration, not as silence', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    client.beat()
    cluster.cut(one, two)
    deregister(client)
    cluster.jump(1)
    taken(one.act({ type: 'register', act: registration(client.owner, client.nowMs) }))
    const record = one.entry(client.id)
    assert.ok(record)
    const { transitions } = two.step({ type: 'deltas', deltas: [record], from: one.id, source: 'sync' })
    const [note] = transitions
    assert.deepEqual([note?.kind, note?.from, note?.to, note?.reason], ['registered', 'active', 'inactive', 'owner'])
  })

  test('T1: of an unknown entity is learnt with its evidence, and the record it ended is refused afterwards', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const record = one.entry(client.id)
    assert.ok(record)
    two.wipe()
    cluster.cut(one, two)
    deregister(client)
    const tombstone = one.entry(client.id)
    assert.ok(tombstone)
    assert.deepEqual(learn(two, one, tombstone, record), [])
    assert.equal(two.entry(client.id), tombstone)
  })

  test('T1, M2: cannot be outrun by a record that claims to be born after it was written', () => {
    const owner = ownerOf('e')
    const [first] = nodeKeys(1)
    assert.ok(first)
    const [early, late] = [stampOf(5, first.id), stampOf(6, first.id)]
    assert.throws(() => recordOf(owner, { birth: late, stamp: early, nameClaim: early }), /malformed|born/)
    assert.throws(() => recordOf(owner, { birth: early, stamp: early, nameClaim: late }), /born/)
    assert.throws(() => recordOf(owner, { birth: late, stamp: late, nameClaim: early }), /born/)
    assert.ok(recordOf(owner, { birth: early, stamp: late, nameClaim: late }))
  })

  test('L1, T3: after it an older presence, a beat and a late message change nothing', () => {
    const { cluster, client } = started(2)
    client.form = 'zynd'
    client.beat()
    const before = [...cluster.sent]
    deregister(client)
    const digest = cluster.at(1).digest()
    for (const message of before) for (const node of cluster.nodes) cluster.replay(message, node)
    cluster.jump(1_000)
    for (const node of cluster.nodes) {
      client.connect(node)
      assert.equal(client.beat().outcome, 'deregistered')
      assert.equal(node.digest(), digest)
    }
  })
})

describe('what remains', () => {
  test('T2: is a tombstone for the retention time at least, then a grave', () => {
    const { cluster, client } = started(2)
    deregister(client)
    cluster.pass(SHORT.retentionMs - 1_000)
    assert.deepEqual(kinds(cluster, client), ['tombstone', 'tombstone'])
    const digest = cluster.at(0).digest()
    cluster.pass(2_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave'])
    assert.deepEqual(cluster.at(0).state.counts, { active: 0, inactive: 0, tombstones: 0, graves: 1 })
    assert.equal(cluster.at(0).digest(), digest, 'T4')
  })

  test('T4: the digest is the same before and after purge, so nodes that purge at different times agree', () => {
    const { cluster, client } = started(2)
    deregister(client)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.pass(SHORT.retentionMs - 10_000)
    two.restart()
    const held = two.state.holdings.get(client.id)
    assert.ok(held)
    held.heldMs += 60_000
    cluster.pass(11_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'tombstone'])
    assert.ok(cluster.converged())
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['grave', 'tombstone'], 'and nothing has to be exchanged')
    const grave = one.entry(client.id)
    assert.ok(grave)
    assert.deepEqual(learn(two, one, grave), [])
    assert.deepEqual(kinds(cluster, client), ['grave', 'tombstone'], 'a grave of the same death takes no evidence away')
  })

  test('T2 (review-B9): waits for a complete sync with every known node, begun after it was held', () => {
    const { cluster, client } = started(3)
    const [one, two, three] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    deregister(client)
    cluster.isolate(three)
    cluster.pass(SHORT.retentionMs + 5_000)
    assert.deepEqual([one.entry(client.id)?.kind, two.entry(client.id)?.kind], ['tombstone', 'tombstone'])
    // A sync that began before the tombstone was held here confirms nothing, whenever it ends.
    const heldMs = one.state.holdings.get(client.id)?.heldMs ?? 0
    one.step({ type: 'synced', peer: three.id, startedMs: heldMs })
    cluster.pass(2_000)
    assert.equal(one.entry(client.id)?.kind, 'tombstone')
    one.step({ type: 'synced', peer: three.id, startedMs: heldMs + 1 })
    cluster.pass(2_000)
    assert.deepEqual([one.entry(client.id)?.kind, two.entry(client.id)?.kind], ['grave', 'tombstone'])
  })

  test('T2 (review-B9): that arrives late with an old stamp counts from its arrival', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.cut(one, two)
    deregister(client)
    cluster.pass(SHORT.retentionMs - 60_000)
    cluster.heal()
    cluster.syncAll()
    cluster.pass(SHORT.retentionMs - 120_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'tombstone'])
    cluster.pass(130_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave'])
  })

  test('T2: an absent node stops the purge until it is forgotten, and then blocks it no more', () => {
    const { cluster, client } = started(2)
    deregister(client)
    cluster.stop(cluster.at(1))
    cluster.pass(SHORT.forgetMs - 60_000)
    assert.equal(cluster.at(0).entry(client.id)?.kind, 'tombstone')
    cluster.pass(120_000)
    assert.equal(cluster.at(0).entry(client.id)?.kind, 'grave')
  })

  test('T2: goes in the order of arrival, and costs a tick what goes', () => {
    const { cluster, client } = started(1)
    const others = ['b', 'c'].map((label) => new Client({ cluster, node: cluster.at(0), owner: ownerOf(label) }))
    for (const one of [client, ...others]) {
      if (one !== client) one.register()
      deregister(one)
      cluster.pass(10_000)
    }
    const graves = (): number => cluster.at(0).state.counts.graves
    cluster.pass(SHORT.retentionMs - 31_000)
    assert.equal(graves(), 0)
    cluster.pass(2_000)
    assert.equal(graves(), 1)
    cluster.pass(10_000)
    assert.equal(graves(), 2)
    cluster.at(0).restart()
    cluster.pass(10_000)
    assert.equal(graves(), 3, 'the order survives a restart')
  })

  test('T3: the audit and the events hear of a purge, peers do not', () => {
    const { cluster, client } = started(1)
    deregister(client)
    const notes: string[] = []
    const node = cluster.at(0)
    node.onEffects = (effects) => {
      for (const { kind, reason, from, to } of effects.transitions) notes.push(`${kind} ${reason} ${from} ${to}`)
      assert.deepEqual(effects.publish, [])
    }
    cluster.pass(SHORT.retentionMs + 1_000)
    assert.deepEqual(notes, ['purged retention tombstone grave'])
  })
})

describe('a grave', () => {
  const purged = (): { cluster: Cluster; client: Client; absent: TestNode } => {
    const { cluster, client } = started(3)
    client.beat()
    const absent = cluster.at(2)
    cluster.isolate(absent)
    deregister(client)
    cluster.pass(SHORT.forgetMs + SHORT.retentionMs)
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave', 'record'])
    return { cluster, client, absent }
  }

  test('T3 (review-A2, review-A3): refuses every birth before it, whatever changed that birth since, and ends it where it is held', () => {
    const { cluster, client, absent } = purged()
    const act = update(client.owner, client.nowMs, { fields: { summary: 'still here' } })
    taken(absent.act({ type: 'update', id: client.id, act }))
    client.connect(absent)
    client.beat()
    cluster.heal()
    cluster.prompt = false
    const zombie = absent.entry(client.id)
    assert.ok(zombie)
    assert.deepEqual(learn(cluster.at(0), absent, zombie), [])
    assert.equal(cluster.at(0).entry(client.id)?.kind, 'grave')
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave', 'grave'])
    assert.ok(cluster.converged())
    assert.equal(client.beat().outcome, 'deregistered')
  })

  test('T3 (review-A3): refuses the old messages too, on nodes that remember nothing of them', () => {
    const { cluster, client } = purged()
    cluster.isolate(cluster.at(2))
    cluster.at(1).restart()
    for (const message of cluster.sent) cluster.replay(message, cluster.at(1))
    assert.equal(cluster.at(1).entry(client.id)?.kind, 'grave')
    assert.equal(cluster.at(1).digest(), cluster.at(0).digest())
  })

  test('T3 (review-A3): an old copy of a node is mended by its first sync', () => {
    const { cluster, client } = started(2)
    const copy = cluster.at(1).disk.copy()
    deregister(client)
    cluster.pass(SHORT.retentionMs + 60_000)
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave'])
    cluster.at(1).restore(copy)
    assert.equal(cluster.at(1).entry(client.id)?.kind, 'record')
    cluster.syncAll()
    assert.deepEqual(kinds(cluster, client), ['grave', 'grave'])
    assert.ok(cluster.converged())
  })

  test('T3: a registration by the owner starts anew, on every node', () => {
    const { cluster, client } = purged()
    cluster.heal()
    cluster.syncAll()
    cluster.jump(1_000)
    client.connect(cluster.at(0))
    taken(cluster.at(0).act({ type: 'register', act: registration(client.owner, client.nowMs) }))
    client.beat()
    assert.deepEqual(
      cluster.nodes.map((node) => node.shown(client.id)),
      ['active', 'active', 'active'],
    )
    assert.ok(cluster.converged())
  })

  test('T3, I3: is believed over a held record only from a peer synced with long ago, or never', () => {
    const believed = SHORT.retentionMs - 2 * SHORT.skewMs
    for (const [agoMs, expected] of [
      [undefined, []],
      [0, ['grave_unproven']],
      [believed, ['grave_unproven']],
      [believed + 1_000, []],
    ] as const) {
      const { cluster, client } = started(1)
      const node = cluster.at(0)
      const [, peer] = nodeKeys(2)
      assert.ok(peer)
      const from = new Cluster({ count: 2 }).at(1)
      if (agoMs !== undefined) node.step({ type: 'synced', peer: from.id, startedMs: node.nodeMs })
      cluster.pass(agoMs ?? 0)
      const grave = graveEntry(client.owner, stampOf(Math.floor(node.nodeMs), from.id))
      assert.deepEqual(learn(node, from, grave), expected, `${agoMs} ms`)
      assert.equal(node.entry(client.id)?.kind, expected.length === 0 ? 'grave' : 'record')
    }
  })

  test('T3, M2: that a peer need not have dates no held death later: a registration on its way would be lost', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    deregister(client)
    cluster.syncAll()
    const held = one.entry(client.id)
    cluster.jump(1_000)
    // Said by a peer that must still have the evidence, and dated after the registration that is on its way.
    const later = graveEntry(client.owner, stampOf(Math.floor(one.nodeMs) + 10_000, two.id))
    assert.deepEqual(learn(one, two, later), ['grave_unproven'])
    assert.equal(one.entry(client.id), held)
    taken(two.act({ type: 'register', act: registration(client.owner, client.nowMs) }))
    assert.deepEqual(kinds(cluster, client), ['record', 'record'])
    assert.ok(cluster.converged())
  })

  test('T3, S4: a sync in which one was refused counts for nothing, and is told; the next counts', () => {
    const { client } = started(1)
    const { node } = client
    const from = new Cluster({ count: 2 }).at(1)
    const sync = (startedMs: number): unknown[] => [...node.step({ type: 'synced', peer: from.id, startedMs }).notices]
    const syncedMs = (): number | undefined => node.state.members.get(from.id)?.syncedMs
    const firstMs = node.nodeMs
    assert.deepEqual(sync(firstMs), [])
    learn(node, from, graveEntry(client.owner, stampOf(Math.floor(node.nodeMs), from.id)))
    assert.deepEqual(sync(firstMs + 1), [{ type: 'sync_refused', peer: from.id, ready: true }])
    assert.equal(syncedMs(), firstMs)
    assert.deepEqual(sync(firstMs + 2), [])
    assert.equal(syncedMs(), firstMs + 2)
  })

  test('T3: where nothing is held it is held from then on', () => {
    const cluster = new Cluster({ count: 2 })
    const owner = ownerOf('long gone')
    const [one, two] = [cluster.at(0), cluster.at(1)]
    one.step({ type: 'synced', peer: two.id, startedMs: one.nodeMs })
    const grave = graveEntry(owner, stampOf(one.nodeMs - 5_000, two.id))
    const record = recordEntry(recordOf(owner, { birth: stampOf(one.nodeMs - 6_000, two.id) }))
    assert.deepEqual(learn(one, two, grave, record), [])
    assert.equal(one.entry(owner.id), grave)
  })
})

describe('who may end an entity', () => {
  const developer = signerOf('a developer')
  const stranger = signerOf('a stranger')

  const withDeveloper = (): { cluster: Cluster; client: Client } => {
    const cluster = new Cluster({ count: 2, settings: SHORT })
    const client = new Client({ cluster, node: cluster.at(0), owner: ownerOf('developed') })
    taken(cluster.at(0).act({ type: 'register', act: registration(client.owner, client.nowMs, { developer }) }))
    return { cluster, client }
  }

  /** A tombstone by `signer`, whose proof over the entity's key is genuine: anybody can make one. */
  const forged = (client: Client, from: TestNode, signer: Signer): Tombstone => {
    const { owner } = client
    const body = { developer_proof: proofJson(owner, signer), name: 'x' }
    return taken(
      makeTombstone({
        id: owner.id,
        publicKey: owner.signer.publicKey,
        stamp: from.state.hybrid.issue(from.nodeMs),
        issuedAtMs: client.nowMs,
        act: nativeAct('deregister', owner, {
          body: { entity_id: owner.id },
          issuedAtMs: client.nowMs,
          developer: signer,
        }),
        proof: taken(parseProfile(body)).developerProof,
      }),
    )
  }

  test('I3: its developer may, and every node believes it', () => {
    const { cluster, client } = withDeveloper()
    cluster.jump(1)
    const act = deregistration(client.owner, client.nowMs, developer)
    taken(cluster.at(0).act({ type: 'deregister', id: client.id, act, developerKey: developer.publicKey }))
    assert.deepEqual(kinds(cluster, client), ['tombstone', 'tombstone'])
  })

  test('I3: a foreign developer is refused over a held record, and told', () => {
    const { cluster, client } = withDeveloper()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.jump(1_000)
    const lie = tombstoneEntry(forged(client, two, stranger))
    assert.deepEqual(learn(one, two, lie), ['foreign_developer'])
    assert.equal(one.entry(client.id)?.kind, 'record')
    assert.deepEqual(learn(one, two, tombstoneEntry(forged(client, two, developer))), [])
    assert.equal(one.entry(client.id)?.kind, 'tombstone')
  })

  test('I3: a developer is refused over the record of an entity that names none', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.jump(1_000)
    assert.deepEqual(learn(one, two, tombstoneEntry(forged(client, two, stranger))), ['foreign_developer'])
    assert.equal(one.entry(client.id)?.kind, 'record')
  })

  test('L10 (review-B6): a captured deletion in Zynd’s form is a new act of the owner', () => {
    const { cluster, client } = started(1)
    const node = cluster.at(0)
    const captured = zyndDeregister(client.owner)
    taken(node.act({ type: 'deregister', id: client.id, act: captured }))
    cluster.jump(1_000)
    taken(node.act({ type: 'register', act: zyndRegister(client.owner) }))
    taken(node.act({ type: 'deregister', id: client.id, act: captured }))
    assert.equal(node.entry(client.id)?.kind, 'tombstone')
  })

  test('I3, L7: a presence of an entity not held is not joined, and its record is asked for', () => {
    const { cluster, client } = started(2)
    const [one, two] = [cluster.at(0), cluster.at(1)]
    cluster.isolate(two)
    two.wipe()
    const birth = stampOf(one.nodeMs - 1_000, one.id)
    const presence = presenceOf(client.owner, { birth, beatMs: client.nowMs, stamp: stampOf(one.nodeMs, one.id) })
    const delta: Delta = { kind: 'presence', id: client.id, presence }
    const effects = two.step({ type: 'deltas', deltas: [delta], from: one.id, source: 'gossip' })
    assert.deepEqual(effects.fetch, [{ id: client.id, from: one.id }])
    assert.equal(two.state.holdings.size, 0)
  })

  test('I3, T3: a presence of a birth that ended is neither joined nor asked for', () => {
    const { cluster, client } = started(2)
    client.beat()
    const [one, two] = [cluster.at(0), cluster.at(1)]
    const entry = one.entry(client.id)
    assert.ok(entry?.kind === 'record' && entry.presence)
    const delta: Delta = { kind: 'presence', id: client.id, presence: entry.presence }
    deregister(client)
    const effects = two.step({ type: 'deltas', deltas: [delta], from: one.id, source: 'gossip' })
    assert.deepEqual([effects.fetch, effects.store], [[], []])
    passBeating(cluster, 60_000, [])
    assert.deepEqual(kinds(cluster, client), ['tombstone', 'tombstone'])
  })
})
