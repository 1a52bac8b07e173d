import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  deriveEntitySeed,
  developerProof,
  generateSeed,
  NobleVerifier,
  nobleSigner,
  publicKeyOf,
} from '@rollcall/identity'
import { entityIdOf, nodeIdOf, nodePublicKey, proofCheck } from '@rollcall/protocol'
import { vectorsFolder } from './make-vectors.ts'
import { developerKey, fromHex, hex } from './vectors/ground.ts'

const read = (name: string) => JSON.parse(readFileSync(new URL(name, vectorsFolder), 'utf8'))

interface DerivationVectors {
  readonly developer_seed: string
  readonly developer_public_key: string
  readonly derived: readonly { readonly entity_index: number; readonly seed: string }[]
  readonly invalid_indexes: readonly number[]
}

const vectors: DerivationVectors = read('derivation.json')

test('an entity seed follows from developer seed and index', () => {
  const seed = fromHex(vectors.developer_seed)
  assert.equal(hex(publicKeyOf(seed)), vectors.developer_public_key)
  for (const { entity_index, seed: derived } of vectors.derived) {
    assert.equal(hex(deriveEntitySeed(seed, entity_index)), derived)
  }
})

test('an index that is no u32 and a seed of the wrong length are programmer errors', () => {
  for (const index of [...vectors.invalid_indexes, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => deriveEntitySeed(new Uint8Array(32), index), /entity index/)
    assert.throws(() => developerProof(developerKey, new Uint8Array(32), index), /entity index/)
  }
  assert.throws(() => deriveEntitySeed(new Uint8Array(31), 0), /32 bytes/)
})

test('I3: the proof a developer makes is the one a node checks', async () => {
  const entityPublicKey = publicKeyOf(deriveEntitySeed(developerKey.seed, 7))
  const proof = developerProof(nobleSigner(developerKey.seed), entityPublicKey, 7)
  const holds = async (key: Uint8Array, entityIndex: number): Promise<boolean> => {
    const check = proofCheck(key, { ...proof, entityIndex })
    return new NobleVerifier().verify(check.publicKey, check.messages[0] ?? new Uint8Array(), check.signature)
  }
  assert.equal(await holds(entityPublicKey, 7), true)
  assert.equal(await holds(entityPublicKey, 8), false)
  assert.equal(await holds(developerKey.publicKey, 7), false)
})

test('seeds come by chance, each its own', () => {
  const seeds = Array.from({ length: 100 }, generateSeed)
  assert.ok(seeds.every((seed) => seed.length === 32))
  assert.equal(new Set(seeds.map(hex)).size, seeds.length)
})

test('I1: ids follow from keys that this package makes', () => {
  const publicKey = publicKeyOf(generateSeed())
  assert.match(entityIdOf('agent', publicKey), /^zns:[0-9a-f]{32}$/)
  assert.deepEqual(nodePublicKey(nodeIdOf(publicKey)), publicKey)
})
