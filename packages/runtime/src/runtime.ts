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
  Random,
  Registry,
  RegistryInput,
  RegistryState,
  Store,
} from '@rollcall/core'
import type { EntityId, Signer, Verifier } from '@rollcall/protocol'
import { Audit } from './audit.ts'
import { boot } from './boot.ts'
import { Directory } from './directory.ts'
import { Door } from './door.ts'
import { Evidence } from './evidence.ts'
import { Feed } from './feed.ts'
import { type FilterBuilder, Filters } from './filters.ts'
import { Loop } from './loop.ts'
import { Observer } from './observer.ts'
import { Peers } from './peers.ts'
import { Projection } from './projection.ts'
import { Sessions } from './sessions.ts'
import type { RuntimeSettings } from './settings.ts'
import { Timers } from './timers.ts'
import { Views } from './views.ts'
import { Walks } from './walks.ts'

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
  /** Told once, when a step threw: state is then neither what disk nor what peers have, and the process must end. */
  readonly onFault: (error: unknown) => void
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
const SWEEP_SLICE = 250
const FLUSH_SLICE = 250

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
  readonly #parts: Omit<RuntimeInside, 'inboxLength'>
  readonly #loop: Loop
  readonly #peers: Peers
  readonly #audit: Audit
  readonly #observer: Observer
  readonly #sessions = new Sessions()
  readonly #timers: Timers
  readonly #walks: Walks
  /** Whether the last tick left work, and the next has not come yet. */
  #moreIsDue = false

  constructor(init: RuntimeInit, parts: Omit<RuntimeInside, 'inboxLength'>) {
    const { settings, store, clock, signer } = init
    const { state } = parts
    this.#init = init
    this.#parts = parts
    this.#timers = new Timers(clock, init.random)
    this.#loop = new Loop({
      ...init,
      state,
      sign: (message) => signer.sign(message),
      inboxMax: settings.inboxMax,
      carryOut: (effects) => {
        this.#carryOut(effects)
      },
    })
    this.#walks = new Walks(this.#loop, this.#timers)
    this.inside = { ...parts, inboxLength: () => this.#loop.length }
    const evidence = new Evidence(init.verifier, state)
    this.#audit = new Audit({ ...init, state, store, linksMax: settings.auditLinksMax })
    this.#peers = new Peers({
      ...init,
      ...parts,
      evidence,
      audit: this.#audit,
      timers: this.#timers,
      submit: (event) => this.#loop.submit(event),
      settled: (lines) => this.#loop.settled(lines),
      auditHead: () => {
        const { number, hash } = this.#loop.durableAuditHead
        return { number, hash }
      },
    })
    const feed = new Feed({ max: FEED_MAX, run: this.#peers.gossip.run })
    const directory = new Directory(state, settings.registryHost)
    this.#observer = new Observer({ ...init, ...parts, feed, directory })
    this.registry = new Door({
      ...init,
      ...parts,
      evidence,
      feed,
      loop: this.#loop,
      audit: this.#audit,
      sessions: this.#sessions,
      fetcher: this.#peers.fetcher,
      board: this.#peers.board,
      roundTrips: this.#peers.roundTrips,
      directory,
      views: new Views(state, settings, Math.round(state.steady.at(clock.monotonicMs())), directory),
    })
  }

  async start(): Promise<void> {
    const { mesh, settings, clock } = this.#init
    const { state, filters } = this.#parts
    await filters.rebuild()
    // What passed before the start was no lateness: nothing was due.
    state.lastTurnMs = clock.monotonicMs()
    await mesh.start(this.#peers.handlers())
    this.#timers.every(settings.tickMs, () => this.#loop.submit({ type: 'tick' }))
    this.#timers.every(settings.statusIntervalMs, () => {
      this.#peers.board.publish()
      this.#peers.board.measure()
    })
    this.#timers.every(settings.syncIntervalMs, () => {
      this.#peers.syncAll()
    })
    this.#timers.every(settings.flushIntervalMs, () => {
      this.#walks.start('flush', flushSlices(state.unflushed.size))
      void this.#audit.prune()
    })
    this.#timers.every(settings.sweepIntervalMs, () => {
      this.#walks.start('sweep', sweepSlices([...state.holdings.keys()]))
    })
    this.#timers.every(settings.filterIntervalMs, () => void filters.rebuild())
  }

  drain(): void {
    this.registry.close()
    this.#sessions.move(this.registry.otherUrls().filter((url) => url !== this.#init.settings.url))
  }

  async stop(): Promise<void> {
    this.registry.close()
    this.#timers.stop()
    this.#peers.stop()
    this.#parts.filters.stop()
    this.#loop.submit({ type: 'flush' })
    await this.#loop.stop()
    this.#peers.gossip.flush()
    await this.#init.mesh.stop()
  }

  /** Everything after persist, in one order: publish, reindex, observe, answer. */
  #carryOut(effects: Effects): void {
    this.#moreIsDue ||= effects.isUnfinished
    this.#peers.gossip.announce(effects.publish, { more: this.#moreIsDue })
    this.#parts.projection.refresh(effects.reindex)
    for (const note of effects.transitions) this.#observer.transition(note)
    for (const change of effects.claims) this.#observer.claim(change)
    for (const notice of effects.notices) this.#observer.notice(notice)
    for (const revocation of effects.revoke) this.#sessions.revoke(revocation)
    for (const { id, from } of effects.fetch) void this.#peers.fetcher.fetch(id, [from])
    for (const answer of effects.answers) this.registry.resolve(answer)
    if (!effects.isUnfinished) return
    this.#timers.once('unfinished', 0, () => {
      this.#moreIsDue = false
      this.#loop.submit({ type: 'tick' })
    })
  }
}

/** The last slice takes along what came meanwhile, and makes all of them durable. */
function* flushSlices(unflushed: number): Generator<RegistryInput> {
  for (let left = unflushed; left > FLUSH_SLICE; left -= FLUSH_SLICE) yield { type: 'flush_beats', limit: FLUSH_SLICE }
  yield { type: 'flush' }
}

function* sweepSlices(ids: readonly EntityId[]): Generator<RegistryInput> {
  for (let at = 0; at < ids.length; at += SWEEP_SLICE) yield { type: 'sweep', ids: ids.slice(at, at + SWEEP_SLICE) }
}
