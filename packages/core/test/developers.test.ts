import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareOwnerActs, fullNameKey, handleKey, itemOf, merge } from '@rollcall/core'
import { type Act, type Entry, encode, encodeStamp, sha256 } from '@rollcall/protocol'
import fc from 'fast-check'
import { deregistration, registration, update, zyndRegister } from './support/acts.ts'
import { cases } from './support/cases.ts'
import {
  aboutItself,
  binding,
  type Developer,
  developerEntry,
  developerGrave,
  developerNamed,
  developerRecordOf,
  developerRegistration,
  developersAct,
  developerTombstone,
} from './support/developers.ts'
import { stampOf } from './support/entries.ts'
import { nodeKeys, ownerOf } from './support/keys.ts'
import { startOfTime, TestNode } from './support/node.ts'
import { FAST } from './support/settings.ts'

const keys = nodeKeys(2)
const nodes = keys.map(({ id }) => id)
const alice = developerNamed('developer alice')
const mallory = developerNamed('developer mallory')

const hashOf = (held: Entry | undefined): string =>
  held === undefined ? 'nothing' : Buffer.from(itemOf(held).hash).toString('hex')

const stamp = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(...nodes))
  .map(([wallMs, node]) => stampOf(wallMs, node))

const live: fc.Arbitrary<Entry> = fc
  .record({ birth: stamp, laterMs: fc.nat(3), handle: fc.constantFrom(undefined, 'alice', 'bob'), node: fc.nat(1) })
  .map(({ birth, laterMs, handle, node }) => {
    const last = stampOf(birth.wallMs + laterMs, laterMs === 0 ? birth.node : (nodes[node] ?? birth.node))
    const claim = handle === undefined ? {} : { handle }
    return developerEntry(developerRecordOf(alice, { birth, stamp: last, ...claim }))
  })
const dead: fc.Arbitrary<Entry> = fc
  .tuple(stamp, fc.constantFrom(0, 1, 2))
  .map(([at, salt]) => (salt === 0 ? developerGrave(alice, at) : developerTombstone(alice, at, salt)))
const entry = fc.oneof({ weight: 3, arbitrary: live }, dead)

const join = (...entries: readonly Entry[]): Entry | undefined =>
  entries.reduce<Entry | undefined>((sum, one) => merge(sum, one), undefined)

describe('the merge of developers', () => {
  test('M1: is commutative, associative and idempotent, by item hash', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        assert.equal(hashOf(join(a, b)), hashOf(join(b, a)))
        const right = join(b, c)
        assert.ok(right)
        assert.equal(hashOf(join(a, b, c)), hashOf(join(a, right)))
        const held = join(a, b)
        assert.equal(merge(held, a), held)
        assert.equal(merge(held, b), held)
      }),
      cases(500),
    )
  })

  test('M2, T4: births and deaths are ordered as those of entities, and a grave is the item of its tombstone', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        assert.equal(Math.sign(compareOwnerActs(a, b)) + Math.sign(compareOwnerActs(b, a)), 0)
        const joined = join(a, b)
        assert.ok(joined && compareOwnerActs(joined, a) >= 0 && compareOwnerActs(joined, b) >= 0)
      }),
      cases(500),
    )
    const [n0] = nodes
    assert.ok(n0)
    const at = stampOf(3, n0)
    assert.equal(hashOf(developerTombstone(alice, at)), hashOf(developerGrave(alice, at)))
    const before = developerEntry(developerRecordOf(alice, { birth: stampOf(2, n0), stamp: stampOf(9, n0) }))
    assert.equal(join(developerGrave(alice, at), before)?.kind, 'grave')
    const after = developerEntry(developerRecordOf(alice, { birth: stampOf(4, n0) }))
    assert.equal(join(developerGrave(alice, at), after), after)
  })

  test('S1a: the item of a developer hashes domain, key, kind, birth and record', () => {
    const [n0] = nodes
    assert.ok(n0)
    const record = developerRecordOf(alice, { birth: stampOf(2, n0), stamp: stampOf(5, n0), handle: 'alice' })
    const layout = ['rollcall/item/1', encodeStamp(record.stamp), alice.id, 'developer', encodeStamp(record.birth)]
    const expected = sha256(encode([...layout, sha256(record.bytes)]))
    assert.equal(hashOf(developerEntry(record)), Buffer.from(expected).toString('hex'))
  })
})

class Scene {
  readonly node: TestNode
  constructor() {
    const [key] = keys
    assert.ok(key)
    this.node = new TestNode({ key, time: startOfTime(), settings: FAST })
  }

  /** A time of an owner later than every one before. */
  now(): number {
    this.node.time.wallMs += 1
    this.node.time.monotonicMs += 1
    return Math.floor(this.node.wallMs)
  }

  say({ id, signer }: Developer, act: Act): string {
    const result = this.node.act({ type: 'developer', id, act, publicKey: signer.publicKey })
    return result.ok ? 'ok' : result.code
  }

  name({ signer }: Developer, id: ReturnType<typeof ownerOf>['id'], act: Act): string {
    const result = this.node.act({ type: 'name', id, act, developerKey: signer.publicKey })
    return result.ok ? 'ok' : result.code
  }

  holder(handle: string): string | undefined {
    return this.node.state.claims.holder(handleKey(handle))
  }
}

describe('what developers do', () => {
  test('N1: a handle is one developer’s, a developer has one, and a release frees it', () => {
    const scene = new Scene()
    assert.equal(
      scene.say(alice, aboutItself(alice, 'claim_handle', scene.now(), { handle: 'alice' })),
      'developer_not_found',
    )
    assert.equal(scene.say(alice, developerRegistration(alice, scene.now(), { name: 'Alice' })), 'ok')
    assert.equal(scene.say(mallory, developerRegistration(mallory, scene.now(), { name: 'M' })), 'ok')
    const claim = (developer: Developer, handle: string) =>
      scene.say(developer, aboutItself(developer, 'claim_handle', scene.now(), { handle }))
    assert.equal(claim(alice, 'alice'), 'ok')
    const before = scene.node.digest()
    assert.equal(claim(alice, 'alice'), 'ok')
    assert.equal(scene.node.digest(), before, 'the same claim again changes nothing')
    assert.equal(claim(alice, 'second'), 'conflict_duplicate_name')
    assert.equal(claim(mallory, 'alice'), 'conflict_duplicate_name')
    assert.equal(claim(mallory, 'admin'), 'validation_failed')
    assert.equal(scene.holder('alice'), alice.id)
    const release = (developer: Developer) =>
      scene.say(developer, aboutItself(developer, 'release_handle', scene.now(), { handle: 'alice' }))
    assert.equal(release(mallory), 'not_found')
    assert.equal(release(alice), 'ok')
    assert.equal(scene.holder('alice'), undefined)
    assert.equal(claim(mallory, 'alice'), 'ok')
    assert.equal(scene.holder('alice'), mallory.id)
    assert.equal(scene.say(mallory, aboutItself(mallory, 'deregister_developer', scene.now())), 'ok')
    assert.equal(scene.holder('alice'), undefined)
  })

  test('N1: of two records that claim one handle the older claim holds it, whichever came first, and the loser is told', () => {
    const [, peer] = keys
    assert.ok(peer)
    const older = (scene: Scene): Entry => {
      const birth = stampOf(Math.floor(scene.node.nodeMs) - 5_000, peer.id)
      return developerEntry(developerRecordOf(mallory, { birth, handle: 'alice' }))
    }
    const scene = new Scene()
    assert.equal(scene.say(alice, developerRegistration(alice, scene.now(), { handle: 'alice' })), 'ok')
    const effects = scene.node.step({ type: 'deltas', deltas: [older(scene)], from: peer.id, source: 'sync' })
    assert.equal(scene.holder('alice'), mallory.id)
    assert.deepEqual(
      effects.claims.map(({ claim, before, holder, lost }) => ({ key: claim.key, before, holder, lost })),
      [{ key: '@alice', before: alice.id, holder: mallory.id, lost: [alice.id] }],
    )
    // A later one loses as it comes.
    const late = new Scene()
    late.node.step({ type: 'deltas', deltas: [older(late)], from: peer.id, source: 'sync' })
    const birth = stampOf(Math.floor(late.node.nodeMs), peer.id)
    const later = developerEntry(developerRecordOf(alice, { birth, handle: 'alice' }))
    const told = late.node.step({ type: 'deltas', deltas: [later], from: peer.id, source: 'sync' })
    assert.deepEqual(
      told.claims.map(({ before, holder, lost }) => ({ before, holder, lost })),
      [{ before: mallory.id, holder: mallory.id, lost: [alice.id] }],
    )
  })

  test('N2: whoever a live entity proves begins its record with any act, once', () => {
    const scene = new Scene()
    const owner = ownerOf('proven')
    const { state } = scene.node
    const act = registration(owner, scene.now(), { developer: alice.signer })
    assert.ok(scene.node.act({ type: 'register', act }).ok)
    assert.equal(state.holdings.has(alice.id), false, 'no entry: two nodes could begin it twice')
    assert.deepEqual([...state.owned.entities(alice.id)], [owner.id])
    assert.equal(scene.say(alice, aboutItself(alice, 'update_developer', scene.now(), { name: 'Alice' })), 'ok')
    assert.equal(scene.say(alice, developerRegistration(alice, scene.now())), 'already_registered')
    assert.equal(state.developers, 1)
    assert.equal(scene.say(alice, aboutItself(alice, 'deregister_developer', scene.now())), 'ok')
    // Its entities live on, and prove nothing against its own word.
    assert.equal(
      scene.say(alice, aboutItself(alice, 'update_developer', scene.now(), { name: 'A' })),
      'developer_not_found',
    )
    assert.equal(scene.node.shown(owner.id), 'inactive')
    assert.equal(scene.say(alice, developerRegistration(alice, scene.now())), 'ok')
  })

  test('T1, L10: what a developer signed before its end, or before its newest act, is no longer taken', () => {
    const scene = new Scene()
    const first = developerRegistration(alice, scene.now(), { handle: 'alice' })
    const claim = aboutItself(alice, 'claim_handle', scene.now(), { handle: 'alice' })
    assert.equal(scene.say(alice, first), 'ok')
    const release = aboutItself(alice, 'release_handle', scene.now(), { handle: 'alice' })
    assert.equal(scene.say(alice, release), 'ok')
    assert.equal(scene.say(alice, claim), 'stale_write')
    assert.equal(scene.say(alice, aboutItself(alice, 'deregister_developer', scene.now())), 'ok')
    assert.equal(scene.say(alice, first), 'stale_write')
    const wide = { ...first, text: first.text.replace(/"issued_at":\d+/, `"issued_at":${scene.now() + 90_000}`) }
    assert.equal(scene.say(alice, wide), 'clock_skew')
    const late = new TestNode({ key: keys[0] ?? assert.fail(), time: startOfTime(), settings: FAST, ready: false })
    const { id, signer } = alice
    const refused = late.act({ type: 'developer', id, act: first, publicKey: signer.publicKey })
    assert.ok(!refused.ok && refused.code === 'node_not_ready')
  })

  test('N3: the developer of an entity names it, and nobody else; the last word counts', () => {
    const scene = new Scene()
    const { state } = scene.node
    const [one, two] = [ownerOf('named one'), ownerOf('named two')]
    for (const owner of [one, two]) {
      const act = registration(owner, scene.now(), { name: owner.id, developer: alice.signer })
      assert.ok(scene.node.act({ type: 'register', act }).ok)
    }
    const bind = (developer: Developer, id: typeof one.id, entity_name: string, version = '') =>
      scene.name(developer, id, binding(developer, id, scene.now(), { entity_name, version }))
    assert.equal(bind(mallory, one.id, 'stocks'), 'forbidden')
    assert.equal(bind(alice, one.id, 'No'), 'validation_failed')
    assert.equal(bind(alice, one.id, 'stocks', '1'), 'ok')
    assert.equal(bind(alice, two.id, 'stocks'), 'conflict_duplicate_name')
    const digest = scene.node.digest()
    assert.equal(bind(alice, one.id, 'stocks', '1'), 'ok')
    assert.equal(scene.node.digest(), digest, 'the same binding again changes nothing')
    const claim = (): unknown => bindingOf(scene, one.id)?.claim
    const first = claim()
    assert.equal(bind(alice, one.id, 'stocks', '2'), 'ok')
    assert.deepEqual(claim(), first, 'another version of a name keeps the claim')
    // The entity may still say what it wants to be called; and the developer has the word after that.
    const renamed = update(one, scene.now(), { fields: { entity_name: 'bonds' } })
    assert.ok(scene.node.act({ type: 'update', id: one.id, act: renamed }).ok)
    assert.equal(bindingOf(scene, one.id)?.name, 'bonds')
    assert.equal(state.claims.holder(fullNameKey(alice.id, 'stocks')), undefined)
    assert.equal(bind(alice, two.id, 'stocks'), 'ok')
    const release = developersAct(alice, 'release_name', {
      body: { entity_id: two.id, entity_name: 'stocks' },
      issuedAtMs: scene.now(),
    })
    assert.equal(scene.name(alice, two.id, release), 'ok')
    assert.equal(bindingOf(scene, two.id), undefined)
    assert.ok(scene.node.act({ type: 'deregister', id: one.id, act: deregistration(one, scene.now()) }).ok)
    assert.equal(state.claims.holder(fullNameKey(alice.id, 'bonds')), undefined)
  })

  test('N3: a name that is taken, or that is none, does not fail a registration', () => {
    const scene = new Scene()
    for (const [i, entity_name] of ['stocks', 'stocks', 'No', '3d', ''].entries()) {
      const owner = ownerOf(`best effort ${i}`)
      const fields = { entity_name }
      const act = zyndRegister(owner, { name: `agent ${i}`, developer: alice.signer, fields })
      assert.ok(scene.node.act({ type: 'register', act }).ok, entity_name)
    }
    assert.equal(scene.node.state.claims.holder(fullNameKey(alice.id, 'stocks')), ownerOf('best effort 0').id)
    assert.deepEqual(
      [...scene.node.state.claims.claimants(fullNameKey(alice.id, 'stocks')).others],
      [ownerOf('best effort 1').id],
    )
    assert.equal(bindingOf(scene, ownerOf('best effort 2').id), undefined)
  })
})

const bindingOf = (scene: Scene, id: ReturnType<typeof ownerOf>['id']) => {
  const entry = scene.node.entry(id)
  return entry?.kind === 'record' ? entry.record.binding : undefined
}
