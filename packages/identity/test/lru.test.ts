import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NativeVerifier, nativeSigner } from '@rollcall/identity/node'
import { Lru } from '../src/lru.ts'

test('the cache holds at most its entries and forgets the one used longest ago', () => {
  const made: string[] = []
  const cache = new Lru<string, string>(2)
  const get = (key: string): string =>
    cache.getOr(key, () => {
      made.push(key)
      return key.toUpperCase()
    })
  assert.deepEqual(['a', 'b', 'a', 'c', 'a', 'b'].map(get), ['A', 'B', 'A', 'C', 'A', 'B'])
  assert.deepEqual(made, ['a', 'b', 'c', 'b'])
  assert.equal(cache.size, 2)
})

test('a cache of no entries is a programmer error', () => {
  for (const entriesMax of [0, -1, 1.5, Number.NaN]) assert.throws(() => new Lru(entriesMax))
})

test('the native verifier answers right for more keys than it keeps', async () => {
  const verifier = new NativeVerifier({ keysMax: 2 })
  const signers = [1, 2, 3, 4, 5].map((byte) => nativeSigner(new Uint8Array(32).fill(byte)))
  const message = new Uint8Array(10)
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      signers.flatMap((signer) =>
        signers.map((other) => verifier.verify(signer.publicKey, message, other.sign(message))),
      ),
    )
    assert.deepEqual(
      answers,
      signers.flatMap((signer) => signers.map((other) => signer === other)),
    )
  }
})
