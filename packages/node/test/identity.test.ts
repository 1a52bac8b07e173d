import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Mesh } from '@rollcall/core'
import { type NodeId, nodeIdOf } from '@rollcall/protocol'
import { addPeer } from '../src/add-peer.ts'
import { tlsSpkiFingerprint } from '../src/tls-fingerprint.ts'

/** Made by openssl, which also gave the fingerprint. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBRDCB96ADAgECAhRxm+W67iVCNjMEr5WsR8Wnl+MrtzAFBgMrZXAwFzEVMBMG
A1UEAwwMbm9kZS5leGFtcGxlMCAXDTI2MTEyMjAzMjY1OVoYDzIxMjYxMDI5MDMy
NjU5WjAXMRUwEwYDVQQDDAxub2RlLmV4YW1wbGUwKjAFBgMrZXADIQD0EjHFqG16
gqpikpiJCMDM6LYWbJuE7ynqaDsbaqWoJqNTMFEwHQYDVR0OBBYEFKFzz+iiBP9g
s/kc+sTgRlWYb8VzMB8GA1UdIwQYMBaAFKFzz+iiBP9gs/kc+sTgRlWYb8VzMA8G
A1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA4YCJZxKomrddEhLxpcphCRdHjZ2t5JnQ
2dcVwglIskIxUDpurmSC/aHe+Zk3BCO1k/FIOJsp/Nru0Kl2UWamAA==
-----END CERTIFICATE-----`

test('the fingerprint of a certificate is the one that openssl gives for its key', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'cert.pem')
  writeFileSync(file, CERTIFICATE)
  assert.equal(tlsSpkiFingerprint(file), 'sha256:ff8510cb43a261dd03b0e29334cb4fe54d422a29bd719e6bcfe784126511c85a')
  writeFileSync(file, 'no certificate')
  assert.throws(() => tlsSpkiFingerprint(file))
})

test('a peer is dialled at an address with an id that is not our own', () => {
  const [own, other] = [1, 2].map((byte) => nodeIdOf(new Uint8Array(32).fill(byte)))
  assert.ok(own !== undefined && other !== undefined)
  const learnt: (readonly [NodeId, readonly string[]])[] = []
  const mesh = { nodeId: own, learn: (peer: NodeId, to: readonly string[]) => void learnt.push([peer, to]) } as Mesh
  const at = (id: string): string => `/dns4/node-b/tcp/9001/ws/p2p/${id}`
  assert.deepEqual(addPeer(mesh, at(other)), { ok: true, value: other })
  for (const bad of ['/dns4/node-b/tcp/9001/ws', at('nobody'), at(own), `/dns4/node-b/udp/1/p2p/${other}`, '']) {
    const refused = addPeer(mesh, bad)
    assert.ok(!refused.ok && refused.code === 'validation_failed', bad)
  }
  assert.deepEqual(learnt, [[other, [at(other)]]])
})
