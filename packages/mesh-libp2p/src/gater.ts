import type { ConnectionGater, PeerId } from '@libp2p/interface'
import { type NodeId, parseNodeId } from '@rollcall/protocol'

export interface GaterInit {
  /** Ids that may connect and be dialled. Empty: all. */
  readonly allowPeers: ReadonlySet<NodeId>
  isConnected(peer: NodeId): boolean
  /** Tells who answered at an address that was dialled. */
  onAnswer(address: string, peer: NodeId): void
}

/**
 * Who may connect. A peer must be a node (an Ed25519 id) and on the allow-list where there is one.
 *
 * A dial of an address without an id finds out only here whom it reached. Where that peer is connected already, the dial
 * ends here, as if it had never been.
 */
export const connectionGater = (init: GaterInit): ConnectionGater => {
  const allowed = (peer: PeerId): NodeId | undefined => {
    const id = parseNodeId(peer.toString())
    if (id === undefined) return undefined
    return init.allowPeers.size === 0 || init.allowPeers.has(id) ? id : undefined
  }
  return {
    denyDialPeer: (peer) => allowed(peer) === undefined,
    denyInboundEncryptedConnection: (peer) => allowed(peer) === undefined,
    denyOutboundEncryptedConnection: (peer, connection) => {
      const id = allowed(peer)
      if (id === undefined) return true
      init.onAnswer(connection.remoteAddr.toString(), id)
      return init.isConnected(id)
    },
  }
}
