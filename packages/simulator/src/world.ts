/** A simulated world: one clock, one seed split into streams, one network, the nodes on it, and whoever watches them. */

import type { Beat, EntityId } from '@rollcall/protocol'
import type { RuntimeSettings } from '@rollcall/runtime'
import { createHasher, type Hasher } from '@rollcall/search/bloom'
import { ManualClock, SeededRandom } from '@rollcall/testkit'
import { settled } from './engine/settle.ts'
import { Keyring } from './keyring.ts'
import { Ledger } from './ledger.ts'
import type { Mutation } from './mutations/mutation.ts'
import { Paths } from './network/paths.ts'
import { SimNetwork } from './network/sim-network.ts'
import { SimNode } from './node/sim-node.ts'
import type { Watcher } from './node/watch.ts'
import type { Plan } from './plan.ts'
import { Tally } from './tally.ts'
import { Trace } from './trace.ts'

/** What ended a history early: a rule that did not hold. */
export interface Failure {
  readonly checker: string
  readonly sentence: string
  readonly atMs: number
}

/** An entity of the workload, as the checkers know it. */
export interface Inhabitant {
  readonly id: EntityId
  readonly name: string
  /** Whether a copy of it runs. */
  readonly isBeating: boolean
  /** Key of the developer who may sign for it. */
  readonly developerKey: Uint8Array | undefined
  readonly beatForm: Beat['form']
}

export interface WorldInit {
  readonly seed: string
  readonly plan: Plan
  readonly hasher: Hasher
  readonly mutation?: Mutation
  readonly onLine?: (line: string) => void
}

export class World {
  readonly seed: string
  readonly plan: Plan
  readonly settings: RuntimeSettings
  readonly hasher: Hasher
  readonly mutation: Mutation | undefined
  readonly clock: ManualClock = new ManualClock()
  readonly random: SeededRandom
  readonly keys: Keyring
  readonly tally: Tally = new Tally()
  readonly trace: Trace
  readonly network: SimNetwork
  readonly nodes: SimNode[] = []
  readonly ledger: Ledger
  readonly paths: Paths
  readonly #watchers: Watcher[] = []
  /** Who watches what: most watch little, and much happens. */
  readonly #watching = new Map<keyof Watcher, readonly Watcher[]>()
  readonly #inhabitants = new Map<EntityId, Inhabitant>()
  failure: Failure | undefined
  /** Timers, messages and whatever else happened, one by one. */
  events = 0

  constructor(init: WorldInit) {
    this.seed = init.seed
    this.plan = init.plan
    this.settings = init.plan.settings
    this.hasher = init.hasher
    this.mutation = init.mutation
    this.random = new SeededRandom(init.seed)
    this.keys = new Keyring(init.seed)
    this.trace = new Trace(() => this.nowMs(), init.onLine)
    const { delayMinMs, delayMaxMs } = init.plan.faults
    this.network = new SimNetwork({
      clock: this.clock,
      random: this.random.split('network'),
      faults: { delayMinMs, delayMaxMs },
      // The real mesh pings every 15 s; with the short times that alone would be longer than a threshold.
      lossDetectMs: Math.min(15_000, init.plan.settings.thresholdMs / 4),
      tally: this.tally,
    })
    for (let i = 0; i < init.plan.nodes; i++) this.nodes.push(new SimNode(this, i))
    for (const node of this.nodes) this.trace.name(node.id, node.name)
    this.ledger = new Ledger(this)
    this.paths = new Paths(this)
    this.watch(this.ledger)
    this.watch(this.paths)
  }

  /** Simulated time since the beginning: the monotonic clock of every machine. */
  nowMs(): number {
    return this.clock.monotonicMs()
  }

  /** True time, which no machine knows exactly. */
  trueMs(): number {
    return this.clock.wallMs()
  }

  settle(inhabitant: Inhabitant): void {
    this.#inhabitants.set(inhabitant.id, inhabitant)
    this.trace.name(inhabitant.id, inhabitant.name)
  }

  entities(): IterableIterator<Inhabitant> {
    return this.#inhabitants.values()
  }

  inhabitant(id: EntityId): Inhabitant | undefined {
    return this.#inhabitants.get(id)
  }

  watch(watcher: Watcher): void {
    this.#watchers.push(watcher)
    this.#watching.clear()
  }

  /** Tells whoever watches for `what`. */
  tell(what: keyof Watcher, news: (watcher: Watcher) => void): void {
    let watching = this.#watching.get(what)
    if (watching === undefined) {
      watching = this.#watchers.filter((watcher) => watcher[what] !== undefined)
      this.#watching.set(what, watching)
    }
    for (const watcher of watching) news(watcher)
  }

  /** The first rule that does not hold ends the history. */
  fail(checker: string, sentence: string): void {
    this.failure ??= { checker, sentence, atMs: this.nowMs() }
  }

  node(index: number): SimNode {
    const node = this.nodes[index]
    if (node === undefined) throw new Error(`there is no node ${index}`)
    return node
  }

  /** Lets `ms` pass, one event after the other, or less where a rule breaks. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs() + ms
    await settled()
    while (this.failure === undefined && this.clock.runNext(Math.max(0, untilMs - this.nowMs()))) {
      this.events++
      await settled()
    }
  }

  /** Lets time pass until `promise` settles, at most `limitMs`. */
  async until<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isSettled = false
    const done = promise.finally(() => {
      isSettled = true
    })
    // The caller sees a rejection; this branch only waits for the end.
    done.catch((error: unknown) => error)
    const untilMs = this.nowMs() + limitMs
    await settled()
    while (!isSettled && this.failure === undefined && this.nowMs() < untilMs) await this.pass(1)
    if (!isSettled) throw new Error(this.failure?.sentence ?? `nothing came of it within ${limitMs} ms`)
    return done
  }

  every(periodMs: number, fn: () => void): void {
    this.clock.schedule(periodMs, () => {
      fn()
      this.every(periodMs, fn)
    })
  }

  after(delayMs: number, fn: () => void): () => void {
    return this.clock.schedule(delayMs, fn)
  }
}

/** Compiles what must not be compiled in the middle of a history: it settles by more than microtasks. */
export const loadHasher = (): Promise<Hasher> => createHasher()
