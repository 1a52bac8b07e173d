import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  developerIdOf,
  type EntityId,
  entityIdOf,
  entityTypeOf,
  formatKey,
  formatSignature,
  fromBase64,
  fromUtf8,
  nodeIdOf,
  nodePublicKey,
  packEntryId,
  parseEntityId,
  parseKey,
  parseNodeId,
  parseSignature,
  registryIdOf,
  unpackEntryId,
  utf8,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { fromHex, hex, readVectors } from './kit.ts'

interface IdVectors {
  readonly valid: readonly Record<
    'public_key' | 'text' | 'agent' | 'service' | 'developer' | 'registry' | 'node',
    string
  >[]
  readonly invalid_entity_ids: readonly string[]
  readonly invalid_node_ids: readonly string[]
  readonly invalid_keys: readonly string[]
}

const vectors = readVectors<IdVectors>('ids.json')
const parsed = (text: string): EntityId => {
  const id = parseEntityId(text)
  assert.ok(id !== undefined)
  return id
}
const keys = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('I1: ids follow from keys', () => {
  for (const vector of vectors.valid) {
    test(`known answers for ${vector.public_key.slice(0, 8)}`, () => {
      const publicKey = fromHex(vector.public_key)
      assert.equal(entityIdOf('agent', publicKey), vector.agent)
      assert.equal(entityIdOf('service', publicKey), vector.service)
      assert.equal(developerIdOf(publicKey), vector.developer)
      assert.equal(registryIdOf(publicKey), vector.registry)
      assert.equal(nodeIdOf(publicKey), vector.node)
      assert.equal(formatKey(publicKey), vector.text)
    })
  }

  test('an entity id is read back, with its type', () => {
    for (const { agent, service } of vectors.valid) {
      assert.equal(parseEntityId(agent), agent)
      assert.equal(parseEntityId(service), service)
      assert.deepEqual(
        [agent, service].map(parseEntityId).map((id) => id && entityTypeOf(id)),
        ['agent', 'service'],
      )
    }
  })

  for (const text of vectors.invalid_entity_ids) {
    test(`${JSON.stringify(text)} is no entity id`, () => assert.equal(parseEntityId(text), undefined))
  }
})

describe('I1: the id of a node is its key', () => {
  test('every key has one id of 52 characters, and the id gives the key back', () => {
    fc.assert(
      fc.property(keys, (publicKey) => {
        const id = nodeIdOf(publicKey)
        assert.equal(id.length, 52)
        assert.equal(parseNodeId(id), id)
        assert.deepEqual(nodePublicKey(id), publicKey)
      }),
    )
  })

  for (const text of vectors.invalid_node_ids) {
    test(`${JSON.stringify(text)} is no node id`, () => assert.equal(parseNodeId(text), undefined))
  }

  test('no text but its own is an id of a key', () => {
    const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
    const tails = fc.array(fc.constantFrom(...alphabet), { minLength: 44, maxLength: 44 })
    fc.assert(
      fc.property(tails, (tail) => {
        const id = parseNodeId(`12D3KooW${tail.join('')}`)
        if (id !== undefined) assert.equal(nodeIdOf(nodePublicKey(id)), id)
      }),
    )
  })

  test('a key of the wrong length is a programmer error', () => {
    for (const length of [0, 31, 33]) assert.throws(() => nodeIdOf(new Uint8Array(length)), /32 bytes/)
  })
})

describe('I2: keys and signatures as text', () => {
  for (const text of vectors.invalid_keys) {
    test(`${JSON.stringify(text)} is no key`, () => assert.equal(parseKey(text), undefined))
  }

  test('what is written is read back, and only with its own length', () => {
    fc.assert(
      fc.property(keys, fc.uint8Array({ minLength: 64, maxLength: 64 }), (key, signature) => {
        assert.equal(hex(parseKey(formatKey(key)) ?? new Uint8Array()), hex(key))
        assert.equal(hex(parseSignature(formatSignature(signature)) ?? new Uint8Array()), hex(signature))
        assert.equal(parseKey(formatSignature(signature)), undefined)
        assert.equal(parseSignature(formatKey(key)), undefined)
      }),
    )
  })

  test('a text has at most one reading, and a key one text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (tail) => {
        const key = parseKey(`ed25519:${tail}`)
        if (key !== undefined) assert.equal(formatKey(key), `ed25519:${tail}`)
      }),
    )
  })
})

describe('an entity id is packed for lists', () => {
  test('in 16 bytes, or 17 for a service, and unpacked again', () => {
    for (const { agent, service } of vectors.valid) {
      const [packedAgent, packedService] = [agent, service].map((text) => packEntryId(parsed(text)))
      assert.ok(packedAgent !== undefined && packedService !== undefined)
      assert.deepEqual([packedAgent.length, packedService.length], [16, 17])
      assert.deepEqual([packedAgent, packedService].map(unpackEntryId), [agent, service])
    }
  })

  test('no two byte strings are unpacked to one id', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 18 }), (bytes) => {
        const id = unpackEntryId(bytes)
        if (id !== undefined) assert.deepEqual(packEntryId(id), bytes)
        else assert.ok(bytes.length < 16 || bytes.length > 16)
      }),
    )
    assert.equal(unpackEntryId(new Uint8Array(17).fill(3)), undefined)
  })
})

test('base64 and UTF-8 are read strictly', () => {
  for (const text of ['A', 'AA', 'AAA', 'AA=', 'AB==', 'AAAA\n', ' AAAA', 'AA-_', '=AAA']) {
    assert.equal(fromBase64(text), undefined)
  }
  assert.equal(fromUtf8(Uint8Array.of(0xc0, 0x80)), undefined)
  assert.equal(fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80)), undefined)
  assert.equal(fromUtf8(utf8('\ufeffGrüße 🤖')), '\ufeffGrüße 🤖')
})
