/** A node to dial, named while this one runs. */
import type { Mesh } from '@rollcall/core'
import { fail, type NodeId, ok, parseNodeId, type Result } from '@rollcall/protocol'
import { isMultiaddr } from './config/index.ts'

/** Has the mesh dial `address` until it stops. The id at its end is what keeps an impostor from being taken for the node. */
export const addPeer = (mesh: Mesh, address: string): Result<NodeId> => {
  const [, id = ''] = /\/p2p\/([^/]+)$/.exec(address) ?? []
  const peer = parseNodeId(id)
  if (!isMultiaddr(address) || peer === undefined) {
    return fail(
      'validation_failed',
      'address is not a WebSocket multiaddr with an id, such as /dns4/node-b/tcp/9001/ws/p2p/12D3KooW…',
      { field: 'address' },
    )
  }
  if (peer === mesh.nodeId) return fail('validation_failed', 'address is that of this node', { field: 'address' })
  mesh.learn(peer, [address])
  return ok(peer)
}
