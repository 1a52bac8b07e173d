/** Every number of this package, with its unit and why it is that number. What an operator may change is `MeshLimits`. */

/** Caps of one mesh. Raising one costs memory in the worst case; lowering it turns honest traffic away. */
export interface MeshLimits {
  /** Longest message this node publishes, in bytes. Default 65 536 (G1); at most `RECEIVED_MESSAGE_BYTES_MAX`. */
  readonly messageBytesMax: number
  /** Publishes under way before more are dropped. Default 1 024: what one stalled turn of the event loop may pile up. */
  readonly publishQueueMax: number
  /** Received messages being judged at one time before more are ignored. Default 1 024, so at most 256 MiB of them. */
  readonly validationsMax: number
  /** Longest body of a request, in bytes. Default 16 MiB. */
  readonly requestBytesMax: number
  /** Longest answer, in bytes. Default 16 MiB. */
  readonly responseBytesMax: number
  /** Requests of others being read, answered or written at one time. Default 32. */
  readonly inboundRequestsMax: number
  /** Of those, from one peer. Default 8, so that four peers cannot starve the rest. */
  readonly inboundRequestsPerPeerMax: number
  /** Requests of others that wait beyond that; the next is refused. Default 512, each holding at most 256 KiB. */
  readonly inboundWaitingMax: number
  /** Own requests under way at one time. Default 64. */
  readonly outboundRequestsMax: number
  /** Of those, to one peer. Default 16. */
  readonly outboundRequestsPerPeerMax: number
  /** Own requests that wait beyond that; the next fails with `refused`. Default 1 024. */
  readonly outboundWaitingMax: number
  /** Learnt peers dialled for ever. Default 256. */
  readonly learntPeersMax: number
  /** Addresses kept of one peer. Default 8. */
  readonly peerAddressesMax: number
  /** Open connections. Default 512: the configured peers, 256 learnt ones, and as many who know only us. */
  readonly connectionsMax: number
}

export const DEFAULT_LIMITS: MeshLimits = {
  messageBytesMax: 65_536,
  publishQueueMax: 1_024,
  validationsMax: 1_024,
  requestBytesMax: 16 << 20,
  responseBytesMax: 16 << 20,
  inboundRequestsMax: 32,
  inboundRequestsPerPeerMax: 8,
  inboundWaitingMax: 512,
  outboundRequestsMax: 64,
  outboundRequestsPerPeerMax: 16,
  outboundWaitingMax: 1_024,
  learntPeersMax: 256,
  peerAddressesMax: 8,
  connectionsMax: 512,
}

/**
 * Longest message a peer may send, in bytes; a longer one is rejected at its sender's cost (G3). A constant of the
 * protocol and not a setting: a node configured for less would reject, and shut out, honest peers configured for more.
 */
export const RECEIVED_MESSAGE_BYTES_MAX = 262_144

/**
 * Longest frame of gossipsub, in bytes. One frame carries all messages that answer an IWANT, and one over the cap kills
 * the stream, so it is far above a single message.
 */
export const GOSSIP_FRAME_BYTES_MAX = 4 << 20

/** Bytes of gossip that may wait for one slow peer. Beyond them its stream is reset and the connection made anew. */
export const GOSSIP_PEER_BUFFER_BYTES_MAX = 4 << 20

/** How long a message counts as seen, in ms. It costs 0.7 KB a message; copies come within seconds or not at all. */
export const SEEN_MS = 30_000

/** What one rejected message weighs: score falls by this × (count²), and under −80 a peer is no longer heard. */
export const REJECT_WEIGHT = -10
/** What remains of the count of rejected messages after each second: half after 23 s, so a mistake is forgiven. */
export const REJECT_DECAY = 0.97
/** Broken promises of gossip that are free. A stalled event loop breaks a few without ill will. */
export const BEHAVIOUR_THRESHOLD = 6

/** Longest WebSocket frame accepted without a pre-shared key, in bytes: two encrypted chunks of 64 KiB. */
export const SOCKET_FRAME_BYTES_MAX = 131_072

/** How long a closed socket waits for the peer to close it, too, in ms. `ws` would hold the process for 30 s. */
export const SOCKET_CLOSE_TIMEOUT_MS = 1_000

/** How often dial loop and connections are looked at, in ms. */
export const TICK_MS = 200
/** Delay of a first retry, in ms; the jitter takes up to half of it away. */
export const BACKOFF_BASE_MS = 1_000
/** So many retries stay quick, for a peer that is only restarting; then the delay doubles. */
export const QUICK_RETRIES = 4
/** Longest delay between two dials of one peer, in ms (G5). */
export const BACKOFF_MAX_MS = 60_000
/** Longest delay while few peers cannot be reached, in ms: about how long the end of a cut goes unnoticed. */
export const BACKOFF_FEW_MS = 5_000
/** What each unreachable peer adds to it beyond that, in ms: some three dials a second in all. */
export const BACKOFF_SHARE_MS = 500
/** How long the larger id of a pair leaves the dial to the smaller one, in ms. */
export const YIELD_MS = 1_000
/** One attempt to dial, all addresses of the peer included, in ms. */
export const DIAL_TIMEOUT_MS = 8_000
/** One address of it, in ms, so that a dead first address leaves time for the second. */
export const DIAL_ADDRESS_TIMEOUT_MS = 4_000
/** Dials at one time: each costs some 45 ms of a core. */
export const DIALS_MAX = 16
/** Failures in a row after which a learnt peer may give its place to a new one: a minute where few fail, 10 where many do. */
export const FORGET_AFTER_FAILURES = 20

/** Two connections of one pair that open within this of each other come from dialling at the same time, in ms. */
export const SIMULTANEOUS_MS = 3_000
/** A connection without working broadcast is dropped after this, in ms. Identify and subscriptions take under 1 s. */
export const BROADCAST_GRACE_MS = 5_000

/** New connections of one address in a second. Behind a NAT or a Docker bridge every node has the same one (G5). */
export const INBOUND_CONNECTIONS_PER_SECOND = 256
/** Connections that may be shaking hands at one time. */
export const INBOUND_HANDSHAKES_MAX = 256
/** How often each peer is pinged, in ms. */
export const PING_INTERVAL_MS = 5_000
/** Answer time of a ping before the connection is aborted, in ms. A busy event loop may well stall for 5 s. */
export const PING_TIMEOUT_MS = 10_000

/** Time for one request of a peer, from its first byte to the end of the answer, in ms. */
export const SERVE_TIMEOUT_MS = 60_000
/** Streams kept open for later requests, of one protocol to one peer: a sync works on four requests at a time. */
export const IDLE_STREAMS_MAX = 4
/** How long a stream is kept for the next request, in ms: longer than from one sync to the next. */
export const REUSE_MS = 75_000
/** How long a peer's stream may lie idle, in ms. Longer than `REUSE_MS`, so that no request meets the end of its stream. */
export const IDLE_TIMEOUT_MS = 90_000
/** Time for the peer to close its side of a stream on which it was turned away, in ms. */
export const LINGER_MS = 5_000
/** Streams of one protocol a peer may have open, so that the client's queue and not a reset is what it meets. */
export const STREAMS_PER_PROTOCOL_MAX = 256
