/** What the client writes, read by the node's side of the protocol, signature included. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NativeVerifier } from '@rollcall/identity/node'
import {
  actChecks,
  beatCheck,
  bindBeat,
  parseClientFrame,
  parseSignedRequest,
  type SignatureCheck,
} from '@rollcall/protocol'
import { goodbyeFrame, heartbeatFrame, helloFrame } from '../src/session/frames.ts'
import { signedAct } from '../src/signed.ts'
import { entity, node } from './session-kit.ts'

const verifier = new NativeVerifier()
const { id, signer } = entity(1)

async function holds({ publicKey, messages, signature }: SignatureCheck): Promise<boolean> {
  const answers = await Promise.all(messages.map((message) => verifier.verify(publicKey, message, signature)))
  return answers.includes(true)
}

test('hello is read as it was meant', () => {
  const read = parseClientFrame(helloFrame([id, entity(2).id], 1, 'test/1'))
  assert.deepEqual(read, {
    ok: true,
    value: { type: 'hello', entities: [id, entity(2).id], protocol: 1, client: 'test/1' },
  })
})

test('L10: a beat and a goodbye hold for the node and nonce of their challenge and for no other', async () => {
  for (const [frame, status] of [
    [heartbeatFrame, 'active'],
    [goodbyeFrame, 'inactive'],
  ] as const) {
    const text = frame({ entity: entity(1), timeMs: 1_767_225_600_123, challenge: { node, nonce: 'n' } })
    const read = parseClientFrame(text)
    assert.ok(read.ok && read.value.type !== 'hello')
    const { beat } = read.value
    assert.equal(beat.timeMs, 1_767_225_600_123)
    const check = (nonce: string, claimed: 'active' | 'inactive'): SignatureCheck =>
      beatCheck(bindBeat(beat, { node, nonce, status: claimed }), id, signer.publicKey)
    assert.equal(await holds(check('n', status)), true)
    assert.equal(await holds(check('m', status)), false)
    assert.equal(await holds(check('n', status === 'active' ? 'inactive' : 'active')), false)
  }
})

test('I3: a signed act is read with its payload, and its signature holds for its kind only', async () => {
  const body = { name: 'weather', tags: ['a', 'b'] }
  const text = signedAct({
    kind: 'register',
    body,
    signer,
    by: 'entity',
    issuedAtMs: 5.5,
    nonce: Uint8Array.of(1, 255),
  })
  const about = { id, publicKey: signer.publicKey, proof: undefined }
  for (const [kind, expected] of [
    ['register', true],
    ['deregister', false],
  ] as const) {
    const act = parseSignedRequest(kind, text)
    assert.ok(act.ok)
    assert.equal(act.value.text, '{"body":{"name":"weather","tags":["a","b"]},"issued_at":5,"nonce":"01ff"}')
    const checks = actChecks(act.value, about)
    assert.ok(checks.ok && checks.value[0] !== undefined)
    assert.equal(await holds(checks.value[0]), expected)
  }
})
