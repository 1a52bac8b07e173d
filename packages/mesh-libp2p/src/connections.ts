import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type NodeId, parseNodeId } from '@rollcall/protocol'

/** Open connections to `peer`, the newest last. */
export const connectionsTo = (node: Libp2p, peer: NodeId): readonly Connection[] =>
  node
    .getConnections(peerIdFromString(peer))
    .filter(({ status }) => status === 'open')
    .sort((a, b) => a.timeline.open - b.timeline.open)

/** Ids of the peers with an open connection. */
export const connectedPeersOf = (node: Libp2p): ReadonlySet<NodeId> => {
  const open = node.getConnections().filter(({ status }) => status === 'open')
  return new Set(open.flatMap(({ remotePeer }) => parseNodeId(remotePeer.toString()) ?? []))
}
