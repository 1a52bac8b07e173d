import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryState, SteadyClock } from '@rollcall/core'
import { type Act, type Delta, makeDeveloperRecord, makeTombstone, nodeIdOf, type Result } from '@rollcall/protocol'
import { inlineVerifier } from '@rollcall/testkit'
import { Evidence } from '../src/evidence.ts'
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

test('I3, G3: a peer’s word about a developer counts only with the developer’s signatures under all of it', async () => {
  const state = new RegistryState({
    self,
    settings: SETTINGS,
    steady: new SteadyClock({ wallMs: NOW, monotonicMs: 0, floorMs: 0 }),
    stampFloor: { wallMs: 0, counter: 0 },
    monotonicMs: 0,
    ready: true,
  })
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
