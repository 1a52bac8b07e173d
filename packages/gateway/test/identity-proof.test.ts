import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, formatKey, parseSignature, registryIdOf, utf8 } from '@rollcall/protocol'
import { inlineVerifier, ManualClock } from '@rollcall/testkit'
import { IdentityProofSchema } from '../src/routes/identity-proof.ts'
import { assertConforms } from './support/conforms.ts'
import { startGateway } from './support/harness.ts'
import { nodeSigner } from './support/keys.ts'
import { WALL_MS } from './support/scripted-registry.ts'

const info = { name: 'a', version: '1', url: 'https://a.example:8443/r', tlsSpkiFingerprint: 'sha256:ab' }

test('the node signs that its domain and its key belong together (zynd-wire §4.4)', async (t) => {
  const clock = new ManualClock(WALL_MS)
  const { url } = await startGateway(t, {}, { clock, info })
  const read = async () => (await fetch(`${url}/.well-known/zynd-registry.json`)).json()
  const proof = await read()
  assert.deepEqual(Object.keys(proof), [
    'type',
    'version',
    'domain',
    'registry_id',
    'ed25519_public_key',
    'tls_spki_fingerprint',
    'issued_at',
    'expires_at',
    'signature',
  ])
  const { signature, ...fields } = proof
  assert.deepEqual(
    [proof.type, proof.domain, proof.registry_id, proof.ed25519_public_key, proof.tls_spki_fingerprint],
    [
      'registry-identity-proof',
      'a.example',
      registryIdOf(nodeSigner.publicKey),
      formatKey(nodeSigner.publicKey),
      'sha256:ab',
    ],
  )
  const bytes = parseSignature(signature) ?? new Uint8Array()
  assert.ok(await inlineVerifier.verify(nodeSigner.publicKey, utf8(canonicalJson(fields)), bytes))
  const changed = utf8(canonicalJson({ ...fields, domain: 'b.example' }))
  assert.ok(!(await inlineVerifier.verify(nodeSigner.publicKey, changed, bytes)))
  assert.equal(Date.parse(proof.expires_at) - Date.parse(proof.issued_at), 30 * 86_400_000)
  clock.advance(3_600_000)
  assert.deepEqual(await read(), proof)
  clock.advance(86_400_000)
  assert.notEqual((await read()).issued_at, proof.issued_at)
  assertConforms(IdentityProofSchema, {
    ...proof,
    issued_at: isoMs(proof.issued_at),
    expires_at: isoMs(proof.expires_at),
  })
})

const isoMs = (text: string): string => new Date(text).toISOString()

test('over plain http there is no fingerprint', async (t) => {
  const { url } = await startGateway(t, {}, { info: { ...info, url: 'http://a.example' } })
  const proof = await (await fetch(`${url}/.well-known/zynd-registry.json`)).json()
  assert.deepEqual([proof.domain, proof.tls_spki_fingerprint], ['a.example', ''])
})
