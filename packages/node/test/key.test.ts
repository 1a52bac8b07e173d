import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadNodeKey, NodeKeyError } from '@rollcall/node'
import { nodeIdOf } from '@rollcall/protocol'

const root = mkdtempSync(join(tmpdir(), 'rollcall-key-'))
after(() => rmSync(root, { recursive: true }))

test('the key is made on the first start, for its owner only, and kept from then on', async () => {
  const folder = join(root, 'fresh', 'data')
  const first = await loadNodeKey(folder)
  const again = await loadNodeKey(folder)
  assert.equal(first.isNew, true)
  assert.equal(again.isNew, false)
  assert.deepEqual(again.seed, first.seed)
  assert.equal(again.nodeId, first.nodeId)
  assert.deepEqual(readdirSync(folder), ['node.key'])
  assert.equal(statSync(join(folder, 'node.key')).mode & 0o777, 0o600)
  assert.equal(readFileSync(join(folder, 'node.key')).length, 32)
  assert.equal(first.isExposed, false)
})

test('the id of the node follows from the seed as the peer id of libp2p does', async () => {
  const folder = mkdtempSync(join(root, 'known-'))
  writeFileSync(
    join(folder, 'node.key'),
    Uint8Array.from({ length: 32 }, (_, index) => index),
  )
  const key = await loadNodeKey(folder)
  assert.equal(key.nodeId, '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB')
  assert.equal(nodeIdOf(key.signer.publicKey), key.nodeId)
})

test('a key that others may read is told', async () => {
  const folder = join(root, 'exposed')
  await loadNodeKey(folder)
  chmodSync(join(folder, 'node.key'), 0o644)
  assert.equal((await loadNodeKey(folder)).isExposed, true)
})

test('a file that is no key is refused, not replaced', async () => {
  const folder = mkdtempSync(join(root, 'cut-'))
  writeFileSync(join(folder, 'node.key'), 'short')
  await assert.rejects(loadNodeKey(folder), /node\.key has 5 bytes, a node key has 32\. Put it back from a backup/)
  assert.equal(readFileSync(join(folder, 'node.key'), 'utf8'), 'short')
})

test('a folder that cannot be made is named', async () => {
  const file = join(root, 'a-file')
  writeFileSync(file, '')
  await assert.rejects(loadNodeKey(file), (error: Error) => {
    assert.ok(error instanceof NodeKeyError)
    assert.match(error.message, new RegExp(`^the data directory ${file} cannot be used: `))
    return true
  })
})
