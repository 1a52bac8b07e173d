/** Everything a node says to its peers and hears from them: gossip, status, sync, questions. Wires them, and drives none. */
import type {
  AuditHead,
  Clock,
  Log,
  Mesh,
  MeshHandlers,
  Metrics,
  Random,
  RegistryInput,
  RegistryState,
} from '@rollcall/core'
import { equalBytes, type NodeId, type NodeStatus, type Signer } from '@rollcall/protocol'
import type { Audit } from './audit.ts'
import { EventLoopTurns } from './event-loop-turns.ts'
import type { Evidence } from './evidence.ts'
import { Fetcher } from './fetcher.ts'
import type { Filters } from './filters.ts'
import { Gossip } from './gossip.ts'
import type { Lines } from './inbox.ts'
import { Numbering } from './numbering.ts'
import { Repair } from './repair.ts'
import type { RuntimeSettings } from './settings.ts'
import { StatusBoard } from './status.ts'
import { Sync } from './sync.ts'
import type { Timers } from './timers.ts'

export interface PeersInit {
  readonly state: RegistryState
  readonly settings: RuntimeSettings
  readonly mesh: Mesh
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly signer: Signer
  readonly evidence: Evidence
  readonly filters: Filters
  readonly audit: Audit
  readonly timers: Timers
  readonly submit: (event: RegistryInput) => boolean
  readonly settled: (lines: Lines) => Promise<void>
  readonly auditHead: () => AuditHead
}

/** How long a gap in numbers, or a difference of digests, may close by itself, in batch windows. */
const PATIENCE_WINDOWS = 4
/** A peer that has just connected may not yet hear us: it is told our status once more. */
const GREETING_MS = 1_000
/** At least this long after a peer was busy it is asked again, should its status not come before that. */
const AGAIN_MS = 1_000

export class Peers {
  readonly gossip: Gossip
  readonly fetcher: Fetcher
  readonly board: StatusBoard
  /** Round trip of the last sync with each peer, milliseconds. */
  readonly roundTrips: Map<NodeId, number> = new Map()
  readonly #init: PeersInit
  readonly #numbering: Numbering
  readonly #repair: Repair
  readonly #sync: Sync

  constructor(init: PeersInit) {
    this.#init = init
    const { settings, mesh, log, clock } = init
    const eventLoop = new EventLoopTurns(clock)
    this.#sync = new Sync({
      ...init,
      eventLoop,
      onRoundTrip: (peer, ms) => this.roundTrips.set(peer, ms),
      // Whoever differed from what this node held before may be equal to it now, or differ no longer from others.
      onRepaired: () => this.board.publish(),
      onBusy: (peer) => this.#syncAgain(peer),
    })
    const { askTimeoutMs, answerTimeoutMs } = settings
    this.fetcher = new Fetcher({ ...init, askTimeoutMs, answerTimeoutMs })
    this.#numbering = new Numbering({
      clock,
      patienceMs: PATIENCE_WINDOWS * settings.batchWindowMs,
      repair: (origin, run, from, to) => void this.#repair.request(origin, run, from, to),
    })
    this.gossip = new Gossip({
      ...init,
      eventLoop,
      numbering: this.#numbering,
      batchWindowMs: settings.batchWindowMs,
      bytesMax: settings.gossipBytesMax,
      fetch: (id, from) => void this.fetcher.fetch(id, [from]),
    })
    this.#repair = new Repair({
      mesh,
      log,
      sealed: (run, from, to) => this.gossip.sealed(run, from, to),
      receive: (message) => this.gossip.receive(message),
      sync: (peer) => this.#sync.with(peer),
    })
    this.board = new StatusBoard({
      ...init,
      gossip: this.gossip,
      filterVersion: () => init.filters.version,
      onStatus: (origin, status) => {
        this.#onStatus(origin, status)
      },
    })
  }

  handlers(): MeshHandlers {
    return {
      onMessage: (topic, message) =>
        topic === 'rollcall/transitions/1' ? this.gossip.receive(message) : this.board.receive(message),
      onRequest: (protocol, body, from) => this.#answer(protocol, body, from),
      onPeerConnected: (peer) => {
        this.board.publish()
        this.#init.timers.once('greeting', GREETING_MS, () => {
          this.board.publish()
        })
        this.#syncOnConnect(peer)
      },
      onPeerDisconnected: (peer) => {
        this.roundTrips.delete(peer)
      },
    }
  }

  syncAll(): void {
    for (const peer of this.#init.mesh.connectedPeers()) void this.#sync.with(peer)
  }

  stop(): void {
    this.#numbering.stop()
  }

  /**
   * A node that is not ready asks at once. The others wait until the new peer has said whether it is ready, and of two that
   * are, the lesser id begins: one sync repairs both sides, and two at once would send everything twice.
   */
  #syncOnConnect(peer: NodeId): void {
    const { state, timers } = this.#init
    if (!state.ready) return void this.#sync.with(peer)
    timers.once(`connect ${peer}`, state.self < peer ? GREETING_MS / 2 : GREETING_MS, () => {
      if (state.members.get(peer)?.status?.ready !== false) void this.#sync.with(peer)
    })
  }

  #onStatus(origin: NodeId, status: NodeStatus): void {
    const { mesh, filters, state } = this.#init
    mesh.learn(origin, status.addresses)
    this.#numbering.announced(origin, status.run, status.number)
    if (!mesh.connectedPeers().includes(origin)) return
    void filters.learn(origin, { run: status.run, version: status.filterVersion })
    if (status.ready && !equalBytes(status.digest, state.items.fingerprint())) this.#syncSoon(origin)
  }

  /** What differs now may be on its way: a sync is worth its cost only if the difference outlasts the gossip window. */
  #syncSoon(peer: NodeId): void {
    const { timers, settings, state } = this.#init
    const patienceMs = PATIENCE_WINDOWS * settings.batchWindowMs * (state.self < peer ? 1 : 2)
    timers.once(`sync ${peer}`, patienceMs, () => {
      const digest = state.members.get(peer)?.status?.digest
      if (digest !== undefined && !equalBytes(digest, state.items.fingerprint())) void this.#sync.with(peer)
    })
  }

  /**
   * A peer whose repair is over publishes its digest, so this is for when that was lost. The delay is left to chance, or those
   * that met would meet again.
   */
  #syncAgain(peer: NodeId): void {
    const { timers, random, mesh } = this.#init
    timers.once(`again ${peer}`, AGAIN_MS * (1 + random.next()), () => {
      if (mesh.connectedPeers().includes(peer)) void this.#sync.with(peer)
    })
  }

  async #answer(protocol: string, body: Uint8Array, from: NodeId): Promise<Uint8Array> {
    switch (protocol) {
      case '/rollcall/sync/1':
        return this.#sync.answer(body, from)
      case '/rollcall/repair/1':
        return this.#repair.answer(body)
      case '/rollcall/entity/1':
        return this.fetcher.answer(body)
      case '/rollcall/filter/1':
        return this.#init.filters.own.encode()
      case '/rollcall/audit/1':
        return this.#init.audit.answer(from)
      default:
        throw new Error(`protocol ${protocol} is not spoken here`)
    }
  }
}
