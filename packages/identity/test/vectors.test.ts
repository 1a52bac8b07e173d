import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { NobleVerifier } from '@rollcall/identity'
import { NativeVerifier } from '@rollcall/identity/node'
import { vectorFiles, vectorsFolder } from './make-vectors.ts'
import { fromHex } from './vectors/ground.ts'
import type { signatureVectors } from './vectors/signatures.ts'
import type { SignatureVector } from './vectors/signing.ts'

test('the vector files are what make-vectors.ts writes', () => {
  const made = vectorFiles()
  assert.deepEqual(readdirSync(vectorsFolder).sort(), Object.keys(made).sort())
  for (const [name, text] of Object.entries(made)) {
    assert.equal(readFileSync(new URL(name, vectorsFolder), 'utf8'), text, `${name} is stale: run make-vectors.ts`)
  }
})

describe('I3: every signature of the vectors holds, for both verifiers', () => {
  const { zynd, native }: ReturnType<typeof signatureVectors> = JSON.parse(
    readFileSync(new URL('signatures.json', vectorsFolder), 'utf8'),
  )
  const groups: Record<string, readonly SignatureVector[]> = { ...zynd, ...native }
  const verifiers = [new NobleVerifier(), new NativeVerifier()]
  for (const [group, vectors] of Object.entries(groups)) {
    for (const vector of vectors) {
      test(`${group}: ${vector.name}`, async () => {
        const [publicKey, message, signature] = [vector.public_key, vector.message, vector.signature].map(fromHex)
        assert.ok(publicKey !== undefined && message !== undefined && signature !== undefined)
        for (const verifier of verifiers) {
          assert.equal(await verifier.verify(publicKey, message, signature), true)
          assert.equal(await verifier.verify(publicKey, Uint8Array.of(...message, 0), signature), false)
        }
      })
    }
  }
})
