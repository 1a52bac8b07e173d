import type { Connection, Libp2p } from '@libp2p/interface'
import type { Log } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'

/**
 * Open connections to `peer`, the newest last: libp2p keeps them in the order they opened. It is asked for all of them: to
 * make its kind of id out of ours takes longer than to look through hundreds.
 */
export const connectionsTo = (node: Libp2p, peer: NodeId): readonly Connection[] =>
  node.getConnections().filter(({ status, remotePeer }) => status === 'open' && remotePeer.toString() === peer)

/** Ids of the peers with an open connection. */
export const connectedPeersOf = (node: Libp2p): ReadonlySet<NodeId> => {
  const open = node.getConnections().filter(({ status }) => status === 'open')
  return new Set(open.flatMap(({ remotePeer }) => parseNodeId(remotePeer.toString()) ?? []))
}

/** Aborts a connection. It may be half closed already, and then libp2p throws where it would send its goodbye. */
export const dropConnection = (connection: Connection, reason: string, log: Log): void => {
  try {
    connection.abort(new Error(reason))
  } catch (error) {
    log.debug('a dropped connection was closing already', { peer: String(connection.remotePeer), error: String(error) })
  }
}
