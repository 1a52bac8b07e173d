import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import type { DialOutcome } from './dialer.ts'
import { DIAL_TIMEOUT_MS } from './settings.ts'

/** Dials a peer over libp2p, within `DIAL_TIMEOUT_MS`. The peer proves its id, or it is no success. */
export const dialOver =
  (node: Libp2p, clock: Clock) =>
  async (addresses: readonly string[], peer: NodeId | undefined): Promise<DialOutcome> => {
    const timeout = new AbortController()
    const cancelTimeout = clock.schedule(DIAL_TIMEOUT_MS, () => timeout.abort())
    try {
      const suffix = peer === undefined ? '' : `/p2p/${peer}`
      const connection = await node.dial(
        addresses.map((address) => multiaddr(address + suffix)),
        { signal: timeout.signal },
      )
      const answered = parseNodeId(connection.remotePeer.toString())
      return answered === undefined
        ? { kind: 'failed', reason: 'no node answers there' }
        : { kind: 'connected', peer: answered }
    } catch (error) {
      if (error instanceof Error && error.name === 'InvalidPeerIdError') return { kind: 'self' }
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
    } finally {
      cancelTimeout()
    }
  }
