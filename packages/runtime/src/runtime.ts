/**
 * The runtime of one node: wires state, loop, gossip, sync, search and the door together over the ports, and drives them by
 * the clock. It decides nothing about entities: that is the step's.
 */
import type {
  Clock,
  Effects,
  Log,
  Mesh,
  Metrics,
  Notice,
  Random,
  Registry,
  RegistryState,
  Store,
  TransitionNote,
} from '@rollcall/core'
import {
  type EntityId,
  equalBytes,
  formatStamp,
  type NodeId,
  type NodeStatus,
  type Signer,
  type Verifier,
} from '@rollcall/protocol'
import { filterWords } from '@rollcall/search/bloom'
import { Audit } from './audit.ts'
import { boot } from './boot.ts'
import { documentOf } from './document.ts'
import { Door } from './door.ts'
import { Evidence } from './evidence.ts'
import { Feed } from './feed.ts'
import { Fetcher } from './fetcher.ts'
import { type FilterBuilder, Filters } from './filters.ts'
import { Gossip } from './gossip.ts'
import { Loop } from './loop.ts'
import { Numbering } from './numbering.ts'
import { Projection } from './projection.ts'
import { Repair } from './repair.ts'
import { Sessions } from './sessions.ts'
import type { RuntimeSettings } from './settings.ts'
import { StatusBoard } from './status.ts'
import { Sync } from './sync.ts'
import { Timers } from './timers.ts'
import { Views } from './views.ts'

export interface RuntimeInit {
  readonly settings: RuntimeSettings
  /** Open. Closed by whoever opened it, after `stop`. */
  readonly store: Store
  /** Not started. Started and stopped by the runtime. */
  readonly mesh: Mesh
  readonly clock: Clock
  readonly random: Random
  readonly signer: Signer
  readonly verifier: Verifier
  readonly filterBuilder: FilterBuilder
  readonly log: Log
  readonly metrics: Metrics
}

export interface Runtime {
  readonly registry: Registry
  /** What this runtime holds, for whoever checks it from outside (the simulator). To be looked at only. */
  readonly inside: RuntimeInside
  /** Starts the mesh and the timers. */
  start(): Promise<void>
  /** Sends every session to other nodes and takes no more writes. */
  drain(): void
  /** Leaves the mesh, and writes what is not yet on disk. The store may be closed afterwards. */
  stop(): Promise<void>
}

export interface RuntimeInside {
  readonly state: RegistryState
  readonly projection: Projection
  readonly filters: Filters
  /** Events that wait to be decided. */
  readonly inboxLength: () => number
}

const FEED_MAX = 10_000
/** How long a gap in an origin's numbers may close by itself, in batch windows. */
const PATIENCE_WINDOWS = 4
const SWEEP_SLICE = 1_000

/** Reads the state from the store and wires a node's runtime; nothing runs before `start`. */
export const createRuntime = async (init: RuntimeInit): Promise<Runtime> => {
  const { settings, store, clock, log, mesh, metrics } = init
  const state = await boot({ self: mesh.nodeId, settings, joins: settings.joins, store, clock, log })
  const projection = new Projection(state)
  await projection.build(clock)
  const filters = await Filters.create({
    mesh,
    clock,
    log,
    metrics,
    builder: init.filterBuilder,
    falsePositiveRate: settings.filterFalsePositiveRate,
    words: () => projection.attendedWords(),
  })
  return new NodeRuntime(init, { state, projection, filters })
}

class NodeRuntime implements Runtime {
  readonly registry: Door
  readonly inside: RuntimeInside
  readonly #init: RuntimeInit
  readonly #state: RegistryState
  readonly #projection: Projection
  readonly #filters: Filters
  readonly #loop: Loop
  readonly #gossip: Gossip
  readonly #numbering: Numbering
  readonly #repair: Repair
  readonly #sync: Sync
  readonly #fetcher: Fetcher
  readonly #audit: Audit
  readonly #board: StatusBoard
  readonly #sessions = new Sessions()
  readonly #feed: Feed
  readonly #timers: Timers
  /** Round trip of the last sync with each peer, milliseconds. */
  readonly #roundTrips = new Map<NodeId, number>()

  constructor(
    init: RuntimeInit,
    parts: { readonly state: RegistryState; readonly projection: Projection; readonly filters: Filters },
  ) {
    const { settings, store, mesh, clock, log, metrics, signer } = init
    const { state } = parts
    this.#init = init
    this.#state = state
    this.#projection = parts.projection
    this.#filters = parts.filters
    this.#timers = new Timers(clock, init.random)
    this.#loop = new Loop({
      state,
      store,
      clock,
      log,
      metrics,
      sign: (message) => signer.sign(message),
      inboxMax: settings.inboxMax,
      carryOut: (effects) => {
        this.#carryOut(effects)
      },
    })
    this.inside = { ...parts, inboxLength: () => this.#loop.length }
    const evidence = new Evidence(init.verifier, state)
    const submit = this.#loop.submit.bind(this.#loop)
    const settled = (): Promise<void> => this.#loop.settled()
    const common = { state, mesh, clock, log, metrics, evidence, submit, settled }
    this.#sync = new Sync({ ...common, onRoundTrip: (peer, ms) => this.#roundTrips.set(peer, ms) })
    this.#fetcher = new Fetcher({ ...common, askTimeoutMs: settings.askTimeoutMs })
    this.#audit = new Audit({ ...common, store, linksMax: settings.auditLinksMax })
    this.#numbering = new Numbering({
      clock,
      patienceMs: PATIENCE_WINDOWS * settings.batchWindowMs,
      repair: (origin, run, from, to) => void this.#repair.request(origin, run, from, to),
    })
    this.#gossip = new Gossip({
      ...common,
      signer,
      numbering: this.#numbering,
      batchWindowMs: settings.batchWindowMs,
      bytesMax: settings.gossipBytesMax,
      fetch: (id, from) => void this.#fetcher.fetch(id, [from]),
    })
    this.#repair = new Repair({
      mesh,
      log,
      sealed: (run, from, to) => this.#gossip.sealed(run, from, to),
      receive: (message) => this.#gossip.receive(message),
      sync: (peer) => this.#sync.with(peer),
    })
    this.#board = new StatusBoard({
      ...common,
      signer,
      settings,
      gossip: this.#gossip,
      filterVersion: () => this.#filters.version,
      onStatus: (origin, status) => {
        this.#onStatus(origin, status)
      },
    })
    const startedMs = Math.round(state.steady.at(clock.monotonicMs()))
    this.#feed = new Feed({ max: FEED_MAX, run: this.#gossip.run })
    this.registry = new Door({
      ...common,
      settings,
      loop: this.#loop,
      fetcher: this.#fetcher,
      audit: this.#audit,
      projection: this.#projection,
      sessions: this.#sessions,
      feed: this.#feed,
      views: new Views(state, settings, startedMs),
      board: this.#board,
      roundTrips: this.#roundTrips,
    })
  }

  async start(): Promise<void> {
    const { mesh, settings } = this.#init
    await mesh.start({
      onMessage: (topic, message) =>
        topic === 'rollcall/transitions/1' ? this.#gossip.receive(message) : this.#board.receive(message),
      onRequest: (protocol, body, from) => this.#answer(protocol, body, from),
      onPeerConnected: (peer) => {
        this.#init.log.info('a peer is connected', { peer })
        this.#board.publish()
        void this.#sync.with(peer)
      },
      onPeerDisconnected: (peer) => {
        this.#init.log.info('a peer is disconnected', { peer })
      },
    })
    this.#timers.every(settings.tickMs, () => this.#loop.submit({ type: 'tick' }))
    this.#timers.every(settings.statusIntervalMs, () => {
      this.#board.publish()
      this.#board.measure()
    })
    this.#timers.every(settings.syncIntervalMs, () => {
      for (const peer of mesh.connectedPeers()) void this.#sync.with(peer)
    })
    this.#timers.every(settings.flushIntervalMs, () => {
      this.#loop.submit({ type: 'flush' })
      void this.#audit.prune()
    })
    this.#timers.every(settings.sweepIntervalMs, () => {
      this.#sweep([...this.#state.holdings.keys()], 0)
    })
    this.#timers.every(settings.filterIntervalMs, () => void this.#filters.rebuild())
    await this.#filters.rebuild()
  }

  drain(): void {
    this.registry.close()
    this.#sessions.move(this.registry.otherUrls().filter((url) => url !== this.#init.settings.url))
  }

  async stop(): Promise<void> {
    this.registry.close()
    this.#timers.stop()
    this.#numbering.stop()
    this.#loop.submit({ type: 'flush' })
    await this.#loop.stop()
    this.#gossip.flush()
    await this.#init.mesh.stop()
  }

  /** Everything after persist, in one order: publish, reindex, observe, answer. */
  #carryOut(effects: Effects): void {
    this.#gossip.announce(effects.publish)
    this.#projection.refresh(effects.reindex)
    for (const note of effects.transitions) this.#observe(note)
    for (const notice of effects.notices) this.#tell(notice)
    for (const revocation of effects.revoke) this.#sessions.revoke(revocation)
    for (const { id, from } of effects.fetch) void this.#fetcher.fetch(id, [from])
    for (const answer of effects.answers) this.registry.resolve(answer)
  }

  #observe(note: TransitionNote): void {
    const { metrics, log } = this.#init
    const { kind, id, from, to, reason, attendant, atMs } = note
    metrics.count('transitions_total', { from, to, reason })
    const holding = this.#state.holdings.get(id)
    const document = holding === undefined ? undefined : documentOf(holding)
    // A word of an active entity must be in the filter before anyone can search for it (F2, F4).
    if (document?.status === 'active' && attendant === this.#state.self) this.#filters.add(filterWords(document))
    const stamp = formatStamp(note.stamp)
    log.debug('transition', { kind, id, from, to, reason, attendant, stamp })
    this.#feed.publish({
      type: kind,
      atMs: Math.round(atMs),
      entityId: id,
      from,
      to,
      reason,
      stamp,
      ...(attendant === undefined ? {} : { attendant }),
      ...(document === undefined ? {} : { name: document.name, category: document.category }),
    })
  }

  #tell(notice: Notice): void {
    const { log, metrics } = this.#init
    const { type, ...fields } = notice
    if (type === 'refused') {
      metrics.count('dropped_total', { queue: 'deltas', reason: notice.reason })
      return log.debug('an entry of a peer was refused', fields)
    }
    if (type === 'clock' && !notice.followed) return log.debug('the system clock stands apart', fields)
    log.warn(NOTICES[type], fields)
  }

  #onStatus(origin: NodeId, status: NodeStatus): void {
    const { mesh } = this.#init
    mesh.learn(origin, status.addresses)
    this.#numbering.announced(origin, status.run, status.number)
    if (!mesh.connectedPeers().includes(origin)) return
    void this.#filters.learn(origin, status.filterVersion)
    if (!equalBytes(status.digest, this.#state.digest.fingerprint())) this.#syncSoon(origin)
  }

  /** What differs now may be on its way: a sync is worth its cost only if the difference outlasts the gossip window. */
  #syncSoon(peer: NodeId): void {
    this.#timers.once(`sync ${peer}`, PATIENCE_WINDOWS * this.#init.settings.batchWindowMs, () => {
      const digest = this.#state.members.get(peer)?.status?.digest
      if (digest !== undefined && !equalBytes(digest, this.#state.digest.fingerprint())) void this.#sync.with(peer)
    })
  }

  async #answer(protocol: string, body: Uint8Array, from: NodeId): Promise<Uint8Array> {
    switch (protocol) {
      case '/rollcall/sync/1':
        return this.#sync.answer(body, from)
      case '/rollcall/repair/1':
        return this.#repair.answer(body)
      case '/rollcall/entity/1':
        return this.#fetcher.answer(body)
      case '/rollcall/filter/1':
        return this.#filters.own.encode()
      case '/rollcall/audit/1':
        return this.#audit.answer(from)
      default:
        throw new Error(`protocol ${protocol} is not spoken here`)
    }
  }

  #sweep(ids: readonly EntityId[], at: number): void {
    if (at >= ids.length) return
    this.#loop.submit({ type: 'sweep', ids: ids.slice(at, at + SWEEP_SLICE) })
    this.#timers.once('sweep', 0, () => {
      this.#sweep(ids, at + SWEEP_SLICE)
    })
  }
}

const NOTICES: Record<Notice['type'], string> = {
  duplicate_instance: 'two processes beat with one key',
  verdict: 'a node is gone: it was not heard for the threshold',
  late: 'this process was late; every deadline was moved',
  clock: 'the system clock was followed after a step',
  refused: 'an entry of a peer was refused',
}
