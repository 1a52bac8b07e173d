import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryState, SteadyClock } from '@rollcall/core'
import {
  type Act,
  type Delta,
  makeDeveloperRecord,
  makeRecord,
  makeTombstone,
  nodeIdOf,
  type Result,
  type Verifier,
} from '@rollcall/protocol'
import { inlineVerifier } from '@rollcall/testkit'
import { Evidence } from '../src/evidence.ts'
import { Agent } from './support/agent.ts'
import { SETTINGS } from './support/cluster.ts'
import { Developer } from './support/developer.ts'

const NOW = 1_795_305_600_000
const self = nodeIdOf(new Uint8Array(32).fill(1))
const stamp = { wallMs: NOW, counter: 0, node: self }

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.message)
  return result.value
}

const recordOf = ({ id, signer }: Developer, act: Act): Delta => {
  const { publicKey } = signer
  const fields = { id, publicKey, birth: stamp, stamp, issuedAtMs: NOW, acts: [act] }
  return { kind: 'developer', id, developer: value(makeDeveloperRecord({ ...fields, handleClaim: stamp })) }
}

const tombstoneOf = ({ id, signer }: Developer, act: Act): Delta => {
  const fields = { id, publicKey: signer.publicKey, stamp, issuedAtMs: NOW, act, proof: undefined }
  return { kind: 'tombstone', id, tombstone: value(makeTombstone(fields)) }
}

const emptyState = (): RegistryState =>
  new RegistryState({
    self,
    settings: SETTINGS,
    steady: new SteadyClock({ wallMs: NOW, monotonicMs: 0, floorMs: 0 }),
    stampFloor: { wallMs: 0, counter: 0 },
    monotonicMs: 0,
    ready: true,
  })

test('I3, G3: a peer’s word about a developer counts only with the developer’s signatures under all of it', async () => {
  const state = emptyState()
  const evidence = new Evidence(inlineVerifier, state)
  const [alice, mallory] = [new Developer(1), new Developer(2)]
  const claim = alice.claim(NOW, 'alice')
  const forged = { ...claim, signature: mallory.claim(NOW, 'alice').signature }
  const changed = { ...claim, text: claim.text.replace('"alice"', '"mallory"') }
  assert.equal(await evidence.judge(recordOf(alice, claim)), 'good')
  assert.equal(await evidence.judge(recordOf(alice, forged)), 'bad')
  assert.equal(await evidence.judge(recordOf(alice, changed)), 'bad')
  const end = alice.deregistration(NOW)
  assert.equal(await evidence.judge(tombstoneOf(alice, end)), 'good')
  assert.equal(await evidence.judge(tombstoneOf(alice, { ...end, signature: forged.signature })), 'bad')
  // Held byte for byte, it was verified before; held otherwise, it was not.
  const held = recordOf(alice, claim)
  assert.ok(held.kind === 'developer')
  state.replace(alice.id, held, { nodeMs: NOW, monotonicMs: 0 })
  assert.equal(await evidence.judge(held), 'good')
  assert.equal(await evidence.judge(recordOf(alice, forged)), 'bad')
})

const recordBy = ({ id, signer }: Agent, acts: readonly Act[], counter: number): Delta & { kind: 'record' } => {
  const { publicKey } = signer
  const last = { ...stamp, counter }
  const fields = { id, publicKey, birth: stamp, stamp: last, nameClaim: stamp, issuedAtMs: NOW, acts }
  return { kind: 'record', id, record: value(makeRecord(fields)), presence: undefined }
}

test('I3: of a record that is held, a later version is believed by its new signatures, and only by all of them', async () => {
  const state = emptyState()
  let verified = 0
  const counting: Verifier = {
    verify(publicKey, message, signature) {
      verified++
      return inlineVerifier.verify(publicKey, message, signature)
    },
  }
  const evidence = new Evidence(counting, state)
  const agent = new Agent(1)
  const registration = agent.registration(NOW)
  const update = agent.update(NOW + 1, { summary: 'Newer.' })
  const { signature } = update
  assert.equal(await evidence.judge(recordBy(agent, [registration, update], 1)), 'good')
  assert.equal(verified, 2)

  state.replace(agent.id, recordBy(agent, [registration], 0), { nodeMs: NOW, monotonicMs: 0 })
  verified = 0
  assert.equal(await evidence.judge(recordBy(agent, [registration, update], 1)), 'good')
  assert.equal(verified, 1)
  // What is signed otherwise, or says otherwise, was never verified.
  const lies: Act[][] = [
    [registration, { ...update, signature: registration.signature }],
    [{ ...registration, signature }, update],
    [{ ...registration, text: registration.text.replace('the weather', 'the stars') }, update],
    [{ ...agent.registration(NOW, { summary: 'Another.' }), signature: registration.signature }, update],
  ]
  for (const acts of lies) assert.equal(await evidence.judge(recordBy(agent, acts, 1)), 'bad')
})

test('I3: the entity’s signature under an act does not stand for its developer’s, though it was verified', async () => {
  const state = emptyState()
  const evidence = new Evidence(inlineVerifier, state)
  const [agent, developer] = [new Agent(1), new Developer(1)]
  const registration = agent.registration(NOW, developer.proofOf(agent))
  const update = agent.update(NOW + 1, { summary: 'Newer.' })
  const held = recordBy(agent, [registration, update], 1)
  assert.equal(await evidence.judge(held), 'good')
  state.replace(agent.id, held, { nodeMs: NOW, monotonicMs: 0 })
  assert.equal(await evidence.judge(recordBy(agent, [registration, { ...update, by: 'developer' }], 2)), 'bad')
})
