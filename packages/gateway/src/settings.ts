/**
 * Every number and switch of the gateway, with unit and default. `limits` of zero mean "no limit" where it says so.
 *
 * The defaults are generous on purpose: one host, one NAT or one Docker bridge that carries every client is a normal case,
 * and the existing SDKs never retry a 429 (zynd-wire.md §4).
 */
import { LIMITS } from '@rollcall/protocol'

export interface GatewaySettings {
  /** How often an entity is asked to beat, seconds. Shown in `welcome`; nothing here enforces it. */
  readonly intervalSeconds: number
  /** Silence after which an entity is inactive, seconds. Shown in `welcome`; enforced behind the registry port. */
  readonly inactiveThresholdSeconds: number
  /** How far a clock may be off before beats and writes are refused, seconds. Shown; enforced behind the registry port. */
  readonly maxClockSkewSeconds: number
  /** Whether the forms that can be replayed are taken (L10): Zynd's requests and both of its heartbeat sockets. */
  readonly zyndSignatures: boolean

  /** Largest request body, bytes. */
  readonly bodyBytesMax: number
  /** Time a client has to send one whole request, milliseconds. */
  readonly requestTimeoutMs: number
  /** Origins that may call from a browser; `*` is everyone. */
  readonly corsOrigins: readonly string[]
  /** Whether one reverse proxy stands in front: the last address of X-Forwarded-For is then the caller's. */
  readonly trustProxy: boolean
  /** Whether callers from other machines may read /metrics without an admin token. */
  readonly metricsPublic: boolean
  /** Longest time a stop waits for requests and closing handshakes, milliseconds. */
  readonly stopTimeoutMs: number

  readonly searchDefaultLimit: number
  readonly searchMaxLimit: number
  /** After this a search answers 504, milliseconds. */
  readonly searchTimeoutMs: number

  /** Reads, searches and socket openings of one address, per minute; 0 is no limit. More: scrapers; fewer: NATs suffer. */
  readonly readsPerAddressPerMinute: number
  /** Registrations, updates and deregistrations of one address, per minute; 0 is no limit. */
  readonly writesPerAddressPerMinute: number
  /** Accepted writes about one entity, per minute; 0 is no limit. Each one is synced to disk and gossiped. */
  readonly writesPerKeyPerMinute: number
  /** Open sockets of one address; 0 is no limit. */
  readonly socketsPerAddressMax: number
  /** Open event feeds of all callers (server-sent events and activity sockets). */
  readonly feedsMax: number
  /** Bytes that may wait for a slow reader of events before its feed ends. */
  readonly feedBufferBytesMax: number

  /** `restricted` shows developers the onboarding page; `open` shows none. Proofs of keys made elsewhere are taken in both. */
  readonly onboardingMode: 'restricted' | 'open'
  /** The onboarding page that is shown; empty is that of this node. */
  readonly onboardingUrl: string

  /** Whether cards are fetched from loopback, private and other special addresses too. Only where nobody else registers. */
  readonly cardsFromPrivateAddresses: boolean
  /** Largest card, bytes; a larger one is refused, never cut. */
  readonly cardBytesMax: number
  /** Time for all attempts to fetch one card, milliseconds. */
  readonly cardTimeoutMs: number
  /** Age at which a card is fetched anew, seconds. */
  readonly cardMaxAgeSeconds: number
  /** Memory for cards, bytes. */
  readonly cardCacheBytesMax: number
  /** Cards fetched at once. */
  readonly cardFetchesMax: number
  /** How long a search with `enrich` waits for cards that are not held, milliseconds. */
  readonly enrichTimeoutMs: number

  /** Largest frame a client may send, bytes. */
  readonly frameBytesMax: number
  /** Frames of one socket, per second, sustained. */
  readonly framesPerSecond: number
  /** Frames of one socket at once: a session of many entities says all of them when it reconnects. */
  readonly framesBurst: number
  /** Heartbeats of one socket that may wait for their verdict at once. */
  readonly beatsInFlightMax: number
  /** Bytes that may wait for a client that does not read its answers. */
  readonly sendBufferBytesMax: number
  /** A socket silent for this long is pinged; two pings without any frame end it. Seconds; 0 turns pings off. */
  readonly pingSeconds: number
  /** A socket from which nothing at all comes for this long is closed (4408), seconds. Above the threshold (L11). */
  readonly idleLimitSeconds: number
  /** Unreadable frames, or signatures that do not verify, in a row before a socket is closed (4400, 4401). */
  readonly strikesMax: number
}

export const GATEWAY_DEFAULTS: GatewaySettings = {
  intervalSeconds: 30,
  inactiveThresholdSeconds: 300,
  maxClockSkewSeconds: 60,
  zyndSignatures: true,
  bodyBytesMax: LIMITS.bodyBytesMax,
  requestTimeoutMs: 30_000,
  corsOrigins: ['*'],
  trustProxy: false,
  metricsPublic: false,
  stopTimeoutMs: 5_000,
  searchDefaultLimit: 20,
  searchMaxLimit: 100,
  searchTimeoutMs: 1_500,
  readsPerAddressPerMinute: 60_000,
  writesPerAddressPerMinute: 30_000,
  writesPerKeyPerMinute: 60,
  socketsPerAddressMax: 20_000,
  feedsMax: 256,
  feedBufferBytesMax: 1024 * 1024,
  onboardingMode: 'restricted',
  onboardingUrl: '',
  cardsFromPrivateAddresses: false,
  cardBytesMax: 64 * 1024,
  cardTimeoutMs: 5_000,
  cardMaxAgeSeconds: 3_600,
  cardCacheBytesMax: 32 * 1024 * 1024,
  cardFetchesMax: 16,
  enrichTimeoutMs: 500,
  frameBytesMax: LIMITS.frameBytesMax,
  framesPerSecond: 100,
  framesBurst: 2 * LIMITS.sessionEntitiesMax,
  beatsInFlightMax: 2 * LIMITS.sessionEntitiesMax,
  sendBufferBytesMax: 256 * 1024,
  pingSeconds: 30,
  idleLimitSeconds: 360,
  strikesMax: 10,
}

/** Most a single page of `GET /v1/entities` holds; Zynd's dashboard asks for 500. */
export const LIST_LIMIT_MAX = 500
/** Furthest a page may begin; beyond it a cursor is cheaper for everyone. */
export const OFFSET_MAX = 10_000
/** A native client says hello within this time. */
export const HELLO_SECONDS = 10
/** Server-sent events carry a comment this often, so that no proxy takes the stream for dead. */
export const FEED_COMMENT_MS = 15_000

/** `overrides` laid over the defaults. Throws a RangeError that names the setting, its value and its bound. */
export const gatewaySettings = (overrides: Partial<GatewaySettings>): GatewaySettings => {
  const settings = { ...GATEWAY_DEFAULTS, ...overrides }
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && !(value >= 0 && Number.isFinite(value))) {
      throw new RangeError(`${name} is ${value}, it must be a number not below 0`)
    }
  }
  const { idleLimitSeconds, inactiveThresholdSeconds, searchDefaultLimit, searchMaxLimit } = settings
  if (idleLimitSeconds <= inactiveThresholdSeconds) {
    throw new RangeError(
      `idleLimitSeconds is ${idleLimitSeconds}, it must be above inactiveThresholdSeconds (${inactiveThresholdSeconds}) (L11)`,
    )
  }
  if (searchDefaultLimit > searchMaxLimit) {
    throw new RangeError(
      `searchDefaultLimit is ${searchDefaultLimit}, it must not be above searchMaxLimit (${searchMaxLimit})`,
    )
  }
  return settings
}
