/** Owners' acts (api.md): who may, when, under which name; and what remains. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { claimsOf } from '@rollcall/core'
import { type Act, actsOf, compareStamps, type EntityId, type EntityRecord, type JsonObject } from '@rollcall/protocol'
import {
  deregistration,
  nativeAct,
  registration,
  update,
  zyndDeregister,
  zyndRegister,
  zyndUpdate,
} from './support/acts.ts'
import { type NodeKey, nodeKeys, type Owner, ownerOf, signerOf } from './support/keys.ts'
import { startOfTime, TestNode } from './support/node.ts'
import { SETTINGS } from './support/settings.ts'
import { taken } from './support/taken.ts'

const [key] = nodeKeys(1)
assert.ok(key)

const owner = ownerOf('acting')
const developer = signerOf('a developer')

const started = (init: { ready?: boolean; zyndSignatures?: boolean; key?: NodeKey } = {}): TestNode =>
  new TestNode({
    key: init.key ?? key,
    time: startOfTime(),
    settings: { ...SETTINGS, zyndSignatures: init.zyndSignatures ?? true },
    ready: init.ready ?? true,
  })

const later = (node: TestNode, ms: number): number => {
  node.time.wallMs += ms
  node.time.monotonicMs += ms
  return node.time.wallMs
}

/** Who holds the name that a record bears under its developer. */
const holderOfName = (node: TestNode, record: EntityRecord): EntityId | undefined => {
  const [name] = claimsOf({ kind: 'record', id: record.id, record, presence: undefined })
  return name && node.state.claims.holder(name.key)
}

const recordIn = (node: TestNode, { id }: Owner): EntityRecord => {
  const entry = node.entry(id)
  if (entry?.kind !== 'record') throw new Error(`${id} has no record`)
  return entry.record
}

const registered = (node: TestNode, who: Owner = owner, name = 'an agent', by = developer): EntityRecord => {
  const act = registration(who, node.wallMs, { name, developer: by })
  taken(node.act({ type: 'register', act }))
  return recordIn(node, who)
}

const updated = (node: TestNode, fields: JsonObject, who: Owner = owner): ReturnType<TestNode['act']> =>
  node.act({ type: 'update', id: who.id, act: update(who, later(node, 10), { fields }) })

const codeOf = (result: ReturnType<TestNode['act']>): string => (result.ok ? 'ok' : result.code)

describe('a registration', () => {
  test('L1, T1: begins a birth, is inactive, durable and published', () => {
    const node = started()
    const effects = node.step({ type: 'register', token: 7, act: registration(owner, node.wallMs) })
    assert.equal(effects.durable, true)
    assert.equal(node.shown(owner.id), 'inactive')
    assert.deepEqual(
      effects.transitions.map(({ kind, from, to, reason }) => ({ kind, from, to, reason })),
      [{ kind: 'registered', from: 'unknown', to: 'inactive', reason: 'owner' }],
    )
    assert.deepEqual(
      effects.publish.map(({ kind }) => kind),
      ['record'],
    )
    const record = recordIn(node, owner)
    assert.deepEqual([record.birth, record.nameClaim], [record.stamp, record.stamp])
    assert.equal(record.birth.node, node.id)
  })

  test('M2: of an entity with a live record is refused, in either form', () => {
    const node = started()
    registered(node)
    later(node, 10)
    assert.equal(codeOf(node.act({ type: 'register', act: registration(owner, node.wallMs) })), 'already_registered')
    assert.equal(codeOf(node.act({ type: 'register', act: zyndRegister(owner) })), 'already_registered')
  })

  test('I1: whose entity_id does not follow from its key is refused', () => {
    const node = started()
    const act = registration(owner, node.wallMs, { fields: { entity_id: ownerOf('other').id } })
    assert.equal(codeOf(node.act({ type: 'register', act })), 'id_mismatch')
    assert.equal(node.state.holdings.size, 0)
  })

  test('L1: with a field that breaks its rule leaves nothing behind', () => {
    const node = started()
    for (const fields of [{ name: '' }, { name: 'x'.repeat(101) }, { tags: 'no list' }, { entity_url: 'ftp://x' }]) {
      const act = registration(owner, node.wallMs, { fields: fields as JsonObject })
      assert.equal(codeOf(node.act({ type: 'register', act })), 'validation_failed')
    }
    assert.equal(node.state.holdings.size, 0)
  })

  test('L1: an act of another kind in its place is no registration', () => {
    const node = started()
    const body = registration(owner, node.wallMs)
    for (const act of [
      { ...body, kind: 'update' as const },
      { ...body, by: 'developer' as const },
    ]) {
      assert.equal(codeOf(node.act({ type: 'register', act })), 'malformed')
    }
  })
})

describe('the time of an act', () => {
  test('L2, api: within the skew of the node on both sides, and not a millisecond beyond', () => {
    for (const [offMs, code] of [
      [60_000, 'ok'],
      [-60_000, 'ok'],
      [60_001, 'clock_skew'],
      [-60_001, 'clock_skew'],
    ] as const) {
      const node = started()
      const act = registration(owner, node.wallMs + offMs)
      assert.equal(codeOf(node.act({ type: 'register', act })), code, `${offMs} ms`)
    }
  })

  test('api: must be later than the newest accepted, and is never compared with a stamp (review-A11)', () => {
    const node = started()
    // The owner's clock is 30 s behind: every one of its times is before every stamp of the node.
    const issuedAtMs = node.wallMs - 30_000
    taken(node.act({ type: 'register', act: registration(owner, issuedAtMs) }))
    later(node, 20_000)
    const fields = { summary: 'later' }
    const at = (ms: number): Act => update(owner, ms, { fields })
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: at(issuedAtMs) })), 'stale_write')
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: at(issuedAtMs + 1) })), 'ok')
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: at(issuedAtMs + 1) })), 'stale_write')
  })

  test('api: the newest one is kept in the tombstone, so no captured registration brings an entity back', () => {
    const node = started()
    const first = registration(owner, node.wallMs)
    taken(node.act({ type: 'register', act: first }))
    const deletedMs = later(node, 10)
    taken(node.act({ type: 'deregister', id: owner.id, act: deregistration(owner, deletedMs) }))
    assert.equal(codeOf(node.act({ type: 'register', act: first })), 'stale_write')
    assert.equal(codeOf(node.act({ type: 'register', act: registration(owner, deletedMs) })), 'stale_write')
    assert.equal(codeOf(node.act({ type: 'register', act: registration(owner, deletedMs + 1) })), 'ok')
    assert.equal(recordIn(node, owner).issuedAtMs, deletedMs + 1)
  })

  test('api: survives an act of a form without time', () => {
    const node = started()
    const act = registration(owner, node.wallMs)
    taken(node.act({ type: 'register', act }))
    taken(node.act({ type: 'deregister', id: owner.id, act: zyndDeregister(owner) }))
    assert.equal(codeOf(node.act({ type: 'register', act })), 'stale_write')
    taken(node.act({ type: 'register', act: zyndRegister(owner) }))
    assert.equal(recordIn(node, owner).issuedAtMs, node.wallMs)
  })
})

describe('an update', () => {
  test('M2: keeps the birth and the presence, and stamps the record anew', () => {
    const node = started()
    const before = registered(node)
    taken(updated(node, { summary: 'new', tags: ['b'] }))
    const after = recordIn(node, owner)
    assert.deepEqual(after.birth, before.birth)
    assert.ok(compareStamps(after.stamp, before.stamp) > 0)
    assert.deepEqual([after.profile.summary, after.profile.tags, after.profile.name], ['new', ['b'], 'an agent'])
    assert.equal(node.shown(owner.id), 'inactive')
  })

  test('I3: carries the signed body of each earlier one that still shows, and drops the others', () => {
    const node = started()
    registered(node)
    taken(updated(node, { summary: 'one', version: '1' }))
    taken(updated(node, { category: 'two' }))
    taken(updated(node, { summary: 'three' }))
    assert.equal(actsOf(recordIn(node, owner)).length, 4)
    taken(updated(node, { version: '2' }))
    assert.equal(actsOf(recordIn(node, owner)).length, 4, 'the first update shows no more')
    const { summary, version, category } = recordIn(node, owner).profile
    assert.deepEqual([summary, version, category], ['three', '2', 'two'])
  })

  test('api: that sets no field is answered with the record unchanged', () => {
    const node = started()
    const before = registered(node)
    const digest = node.digest()
    assert.deepEqual(taken(updated(node, {})), { id: owner.id, stamp: before.stamp })
    const empty = zyndUpdate(owner, { signature: 'ed25519:whatever' })
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: empty })), 'ok')
    assert.equal(node.digest(), digest)
    assert.equal(recordIn(node, owner), before)
  })

  test('I1: may not carry what says who an entity is', () => {
    const node = started()
    registered(node)
    for (const field of ['public_key', 'entity_type', 'developer_id', 'developer_proof']) {
      assert.equal(codeOf(updated(node, { [field]: 'x', summary: 's' })), 'validation_failed', field)
      const zynd = zyndUpdate(owner, { [field]: 'x', summary: 's' })
      assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: zynd })), 'validation_failed', field)
    }
  })

  test('I3: a native body must name the entity, or it would serve every entity of its developer', () => {
    const node = started()
    registered(node)
    const unnamed = nativeAct('update', owner, { body: { summary: 's' }, issuedAtMs: later(node, 1) })
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: unnamed })), 'id_mismatch')
    const nobody = nativeAct('deregister', owner, { body: {}, issuedAtMs: later(node, 1) })
    assert.equal(codeOf(node.act({ type: 'deregister', id: owner.id, act: nobody })), 'id_mismatch')
    const foreign = deregistration(ownerOf('other'), later(node, 1))
    assert.equal(codeOf(node.act({ type: 'deregister', id: owner.id, act: foreign })), 'id_mismatch')
    const zynd = zyndUpdate(owner, { entity_id: ownerOf('other').id, summary: 's' })
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act: zynd })), 'id_mismatch')
  })

  test('I3: by a developer is taken only from the developer of the record', () => {
    const node = started()
    registered(node)
    const stranger = signerOf('another developer')
    const act = (by: typeof developer): Act =>
      update(owner, later(node, 1), { fields: { summary: 's' }, developer: by })
    const { id } = owner
    const refused = { type: 'update', id, act: act(stranger), developerKey: stranger.publicKey } as const
    assert.equal(codeOf(node.act(refused)), 'forbidden')
    assert.equal(codeOf(node.act({ type: 'update', id, act: act(developer) })), 'forbidden', 'no key was verified')
    const allowed = { type: 'update', id, act: act(developer), developerKey: developer.publicKey } as const
    assert.equal(codeOf(node.act(allowed)), 'ok')
    const end = deregistration(owner, later(node, 1), stranger)
    assert.equal(codeOf(node.act({ type: 'deregister', id, act: end, developerKey: stranger.publicKey })), 'forbidden')
  })

  test('I3: by a developer of a record without one is refused', () => {
    const node = started()
    taken(node.act({ type: 'register', act: registration(owner, node.wallMs) }))
    const act = update(owner, later(node, 1), { fields: { summary: 's' }, developer })
    const { publicKey } = developer
    assert.equal(codeOf(node.act({ type: 'update', id: owner.id, act, developerKey: publicKey })), 'forbidden')
  })

  test('L1: of what is not registered, or no more, says which', () => {
    const node = started()
    assert.equal(codeOf(updated(node, { summary: 's' })), 'entity_not_found')
    registered(node)
    taken(node.act({ type: 'deregister', id: owner.id, act: deregistration(owner, later(node, 1)) }))
    assert.equal(codeOf(updated(node, { summary: 's' })), 'entity_deregistered')
    const again = deregistration(owner, later(node, 1))
    assert.equal(codeOf(node.act({ type: 'deregister', id: owner.id, act: again })), 'entity_deregistered')
  })
})

describe('a name', () => {
  const second = ownerOf('second')
  const third = ownerOf('third')

  test('api (review-B11): is unique per developer: a second one is refused with its holder', () => {
    const node = started()
    registered(node, owner, 'north')
    const act = registration(second, later(node, 1), { name: 'north', developer })
    const refused = node.act({ type: 'register', act })
    assert.equal(codeOf(refused), 'conflict_duplicate_name')
    assert.deepEqual(refused.ok ? undefined : refused.details, { holder: owner.id })
    assert.equal(node.entry(second.id), undefined)
    registered(node, second, 'north', signerOf('another developer'))
  })

  test('api: two agents of nobody in particular may share one', () => {
    const node = started()
    for (const who of [owner, second]) {
      taken(node.act({ type: 'register', act: registration(who, node.wallMs, { name: 'north' }) }))
    }
  })

  test('api: cannot be taken by an update either, and is free when its holder goes', () => {
    const node = started()
    registered(node, owner, 'north')
    registered(node, second, 'south')
    assert.equal(codeOf(updated(node, { name: 'north' }, second)), 'conflict_duplicate_name')
    taken(node.act({ type: 'deregister', id: owner.id, act: deregistration(owner, later(node, 1)) }))
    assert.equal(codeOf(updated(node, { name: 'north' }, second)), 'ok')
  })

  test('api (review-B11): an update of other fields does not lose it, and giving it up and taking it again is a new claim', () => {
    const node = started()
    const before = registered(node, owner, 'north')
    taken(updated(node, { summary: 's' }))
    assert.deepEqual(recordIn(node, owner).nameClaim, before.nameClaim)
    taken(updated(node, { name: 'north' }))
    assert.deepEqual(recordIn(node, owner).nameClaim, before.nameClaim, 'the name it has is not claimed anew')
    taken(updated(node, { name: 'south' }))
    taken(updated(node, { name: 'north' }))
    assert.deepEqual(recordIn(node, owner).nameClaim, recordIn(node, owner).stamp)
  })

  test('api: after a split the least claim holds it on every node, and it falls to the next when the holder goes', () => {
    const [one, two] = nodeKeys(2)
    assert.ok(one && two)
    const [a, b] = [started({ key: one }), started({ key: two })]
    registered(a, owner, 'north')
    later(b, 5)
    registered(b, second, 'north')
    const records = [recordIn(a, owner), recordIn(b, second)]
    for (const [node, from] of [
      [a, b],
      [b, a],
    ] as const) {
      const deltas = [...from.state.holdings.values()].map(({ entry }) => entry)
      node.step({ type: 'deltas', deltas, from: from.id, source: 'sync' })
      for (const record of records) assert.equal(holderOfName(node, record), owner.id)
    }
    later(a, 100)
    assert.equal(codeOf(updated(a, { summary: 'the loser may still say other things' }, second)), 'ok')
    assert.equal(
      codeOf(a.act({ type: 'register', act: registration(third, a.wallMs, { name: 'north', developer }) })),
      'conflict_duplicate_name',
    )
    taken(a.act({ type: 'deregister', id: owner.id, act: deregistration(owner, later(a, 1)) }))
    assert.equal(holderOfName(a, recordIn(a, second)), second.id)
  })

  test('api: a Zynd client, which could not be told, registers under a name that is held', () => {
    const node = started()
    registered(node, owner, 'north')
    taken(node.act({ type: 'register', act: zyndRegister(second, { name: 'north', developer }) }))
    assert.equal(holderOfName(node, recordIn(node, second)), owner.id)
  })
})

describe('a node', () => {
  test('S4: that is not ready refuses every write and issues nothing; a complete sync makes it ready', () => {
    const node = started({ ready: false })
    assert.equal(codeOf(node.act({ type: 'register', act: registration(owner, node.wallMs) })), 'node_not_ready')
    const [, peer] = nodeKeys(2)
    assert.ok(peer)
    const source = started({ key: peer })
    const record = registered(source)
    const entry = { kind: 'record', id: owner.id, record, presence: undefined } as const
    node.step({ type: 'deltas', deltas: [entry], from: peer.id, source: 'sync' })
    assert.equal(codeOf(updated(node, { summary: 's' })), 'node_not_ready')
    const end = deregistration(owner, later(node, 1))
    assert.equal(codeOf(node.act({ type: 'deregister', id: owner.id, act: end })), 'node_not_ready')
    assert.equal(recordIn(node, owner), record)
    node.step({ type: 'synced', peer: peer.id, startedMs: node.nodeMs })
    assert.equal(codeOf(updated(node, { summary: 's' })), 'ok')
  })

  test('L10 (review-B6): takes Zynd forms only where they are allowed', () => {
    const node = started({ zyndSignatures: false })
    assert.equal(codeOf(node.act({ type: 'register', act: zyndRegister(owner) })), 'forbidden')
    registered(node)
    const { id } = owner
    assert.equal(codeOf(node.act({ type: 'update', id, act: zyndUpdate(owner, { summary: 's' }) })), 'forbidden')
    assert.equal(codeOf(node.act({ type: 'deregister', id, act: zyndDeregister(owner) })), 'forbidden')
  })

  test('T1: an act that was answered yes is on disk, whatever is lost in the crash after it', () => {
    const node = started()
    registered(node)
    node.restart(100)
    assert.equal(node.entry(owner.id)?.kind, 'record')
    taken(updated(node, { summary: 'kept' }))
    node.restart(100)
    assert.equal(recordIn(node, owner).profile.summary, 'kept')
    taken(node.act({ type: 'deregister', id: owner.id, act: deregistration(owner, later(node, 1)) }))
    node.restart(100)
    assert.equal(node.entry(owner.id)?.kind, 'tombstone')
  })
})
