import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { formatKeyFile, keyPairOf, parseKeyFile } from '@rollcall/identity'
import { readKeyFile, writeKeyFile } from '@rollcall/identity/node'
import fc from 'fast-check'
import { base64, developerKey, entityKey, join, otherKey } from './vectors/ground.ts'

const publicText = base64(entityKey.publicKey)
const privateText = base64(entityKey.seed)
const file = (fields: Record<string, unknown>): string =>
  JSON.stringify({ public_key: publicText, private_key: privateText, ...fields })

describe('a key file in the format of Zynd', () => {
  const pair = keyPairOf(entityKey.seed)

  test('gives seed and public key', () => {
    assert.deepEqual(parseKeyFile(file({})), { ok: true, value: pair })
  })

  test('may name the public key with its prefix, or not at all', () => {
    assert.deepEqual(parseKeyFile(file({ public_key: `ed25519:${publicText}` })), { ok: true, value: pair })
    assert.deepEqual(parseKeyFile(file({ public_key: undefined })), { ok: true, value: pair })
  })

  test('may hold seed and public key in the private key, as Go writes it', () => {
    const long = base64(join(entityKey.seed, entityKey.publicKey))
    assert.deepEqual(parseKeyFile(file({ private_key: long })), { ok: true, value: pair })
    const wrong = parseKeyFile(file({ private_key: base64(join(entityKey.seed, otherKey.publicKey)) }))
    assert.equal(wrong.ok ? '' : wrong.code, 'id_mismatch')
  })

  test('is refused where the public key is not that of the seed', () => {
    const wrong = parseKeyFile(file({ public_key: base64(otherKey.publicKey) }))
    assert.equal(wrong.ok ? '' : wrong.code, 'id_mismatch')
  })

  test('tells from which developer key it was derived, under either name of the index', () => {
    const derivedFrom = { developerPublicKey: developerKey.publicKey, entityIndex: 7 }
    const developerText = base64(developerKey.publicKey)
    for (const derived of [
      { developer_public_key: `ed25519:${developerText}`, entity_index: 7, developer_signature: 'ed25519:AAAA' },
      { developer_public_key: developerText, index: 7 },
    ]) {
      assert.deepEqual(parseKeyFile(file({ derived_from: derived })), { ok: true, value: { ...pair, derivedFrom } })
    }
    assert.deepEqual(parseKeyFile(file({ derived_from: null })), { ok: true, value: pair })
  })

  test('comes back from what was written, and is read by a loader that knows only base64', () => {
    const derived = keyPairOf(entityKey.seed, { developerPublicKey: developerKey.publicKey, entityIndex: 0xffffffff })
    for (const one of [pair, derived]) assert.deepEqual(parseKeyFile(formatKeyFile(one)), { ok: true, value: one })
    const written: { public_key: string; private_key: string } = JSON.parse(formatKeyFile(derived))
    assert.equal(written.public_key, publicText)
    assert.equal(written.private_key, privateText)
  })

  const malformed: Record<string, string> = {
    'no JSON': '{',
    'a list': '[]',
    'no private key': JSON.stringify({ public_key: publicText }),
    'a private key that is no text': file({ private_key: 1 }),
    'a private key that is no base64': file({ private_key: `${privateText.slice(0, -1)}*` }),
    'a private key of 33 bytes': file({ private_key: base64(new Uint8Array(33)) }),
    'a public key that is no base64': file({ public_key: 'ed25519:?' }),
    'a public key of 31 bytes': file({ public_key: base64(new Uint8Array(31)) }),
    'a derivation that is a text': file({ derived_from: 'me' }),
    'a derivation without key': file({ derived_from: { entity_index: 1 } }),
    'a derivation without index': file({ derived_from: { developer_public_key: publicText } }),
    'an index below zero': file({ derived_from: { developer_public_key: publicText, entity_index: -1 } }),
    'an index above u32': file({ derived_from: { developer_public_key: publicText, entity_index: 2 ** 32 } }),
  }
  for (const [name, text] of Object.entries(malformed)) {
    test(`is malformed with ${name}`, () => {
      const result = parseKeyFile(text)
      assert.equal(result.ok ? '' : result.code, 'malformed')
    })
  }

  test('never makes the reader throw, and no refusal repeats the secret', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.equal(typeof parseKeyFile(text).ok, 'boolean')
      }),
    )
    const wrong = parseKeyFile(file({ public_key: base64(otherKey.publicKey) }))
    assert.ok(!JSON.stringify(wrong).includes(privateText))
  })
})

describe('a key file on disk', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(joinPath(tmpdir(), 'rollcall-keys-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const first = keyPairOf(entityKey.seed)
  const second = keyPairOf(otherKey.seed)

  test('is for its owner only, and its folder is made', async () => {
    const path = joinPath(folder, 'new', 'deep', 'key.json')
    assert.deepEqual(await writeKeyFile(path, first), { ok: true, value: undefined })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.deepEqual(await readKeyFile(path), { ok: true, value: first })
  })

  test('is not overwritten unless told', async () => {
    const path = joinPath(folder, 'kept.json')
    await writeKeyFile(path, first)
    const refused = await writeKeyFile(path, second)
    assert.equal(refused.ok ? '' : refused.code, 'forbidden')
    assert.deepEqual(await readKeyFile(path), { ok: true, value: first })
  })

  test('is replaced when told, with the mode of a new one and nothing left beside it', async () => {
    const path = joinPath(folder, 'replaced', 'key.json')
    await writeKeyFile(path, first)
    await writeFile(path, 'open to all', { mode: 0o644 })
    assert.equal((await writeKeyFile(path, second, { overwrite: true })).ok, true)
    assert.deepEqual(await readKeyFile(path), { ok: true, value: second })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(joinPath(folder, 'replaced')), ['key.json'])
  })

  test('is not found, or names itself in what is wrong with it', async () => {
    const missing = await readKeyFile(joinPath(folder, 'missing.json'))
    assert.equal(missing.ok ? '' : missing.code, 'not_found')
    const path = joinPath(folder, 'broken.json')
    await writeFile(path, '{')
    const broken = await readKeyFile(path)
    assert.equal(broken.ok ? '' : broken.code, 'malformed')
    assert.match(broken.ok ? '' : broken.message, /broken\.json/)
    await assert.rejects(readKeyFile(folder), /EISDIR/)
  })

  test('rejects when the disk refuses, and leaves nothing behind', async () => {
    const path = joinPath(folder, 'file')
    await writeFile(path, '')
    await assert.rejects(writeKeyFile(joinPath(path, 'key.json'), first))
    assert.equal(await readFile(path, 'utf8'), '')
  })
})
