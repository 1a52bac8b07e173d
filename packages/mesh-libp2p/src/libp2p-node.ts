import type { GossipSub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, PrivateKey } from '@libp2p/interface'
import { type Ping, ping } from '@libp2p/ping'
import { preSharedKey } from '@libp2p/pnet'
import { yamux } from '@libp2p/yamux'
import type { Log } from '@rollcall/core'
import { createLibp2p } from 'libp2p'
import { identityFirstNoise } from './encryption.ts'
import { gossipService } from './gossip.ts'
import { quietLogger } from './quiet-logger.ts'
import {
  DIAL_ADDRESS_TIMEOUT_MS,
  DIAL_TIMEOUT_MS,
  DIALS_MAX,
  INBOUND_CONNECTIONS_PER_SECOND,
  INBOUND_HANDSHAKES_MAX,
  type MeshLimits,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from './settings.ts'
import { webSocketTransport } from './ws-transport.ts'

export type MeshNode = Libp2p<{ identify: Identify; ping: Ping; pubsub: GossipSub }>

export interface MeshNodeInit {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly psk: Uint8Array | undefined
  readonly gater: ConnectionGater
  readonly limits: MeshLimits
  readonly log: Log
}

/** libp2p as this mesh uses it, not yet started: WebSockets, Noise, Yamux, gossipsub. It dials nobody by itself. */
export const createMeshNode = (init: MeshNodeInit): Promise<MeshNode> =>
  createLibp2p({
    start: false,
    privateKey: init.privateKey,
    logger: quietLogger(init.log),
    nodeInfo: { name: 'rollcall' },
    addresses: { listen: [...init.listen], announce: [...init.announce] },
    transports: [webSocketTransport({ hasPsk: init.psk !== undefined })],
    connectionEncrypters: [identityFirstNoise()],
    streamMuxers: [yamux()],
    ...(init.psk === undefined ? {} : { connectionProtector: preSharedKey({ psk: init.psk }) }),
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: init.limits.connectionsMax,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: INBOUND_HANDSHAKES_MAX,
      maxParallelDials: DIALS_MAX,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: DIAL_ADDRESS_TIMEOUT_MS,
      // The dialer turns the addresses itself; the default order would begin each attempt with the same dead one.
      addressSorter: () => 0,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS } },
    services: { identify: identify(), ping: ping(), pubsub: gossipService() },
  })
