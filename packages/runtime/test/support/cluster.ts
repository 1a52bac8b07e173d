import type { Clock, ClusterView, EntityView, Log, Metrics, Registry, Session } from '@rollcall/core'
import { nativeSigner } from '@rollcall/identity/node'
import { type BeatOutcome, type JsonObject, type NodeId, nodeIdOf, type Status } from '@rollcall/protocol'
import { buildFilter, createHasher } from '@rollcall/search/bloom'
import {
  type ClockView,
  CountingMetrics,
  inlineVerifier,
  ManualClock,
  type MemoryMesh,
  MemoryMeshNetwork,
  MemoryStore,
  SeededRandom,
} from '@rollcall/testkit'
import { createRuntime, type Runtime, type RuntimeSettings } from '../../src/index.ts'
import type { Agent } from './agent.ts'

export const SETTINGS: RuntimeSettings = {
  name: 'node',
  url: '',
  mode: 'full',
  registryHost: 'rollcall',
  version: 'test',
  joins: false,
  intervalMs: 30_000,
  thresholdMs: 300_000,
  skewMs: 60_000,
  graceMs: 90_000,
  retentionMs: 86_400_000,
  forgetMs: 604_800_000,
  suspectMs: 15_000,
  tickMs: 250,
  zyndSignatures: true,
  batchWindowMs: 50,
  gossipBytesMax: 65_536,
  syncIntervalMs: 30_000,
  statusIntervalMs: 5_000,
  sweepIntervalMs: 60_000,
  flushIntervalMs: 30_000,
  filterIntervalMs: 300_000,
  filterFalsePositiveRate: 0.01,
  auditLinksMax: 1_000_000,
  inboxMax: 10_000,
  answerTimeoutMs: 10_000,
  askTimeoutMs: 300,
}

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => {
    // A test that lets the disk refuse, or a step fail, expects these.
    if (message.startsWith('the disk refuses') || message.startsWith('a step failed')) return
    throw new Error(`${message} ${String(fields?.error ?? JSON.stringify(fields))}`)
  },
  child: () => silent,
}

/** The clock of one process: when it is killed, its timers never fire. */
class ProcessClock implements Clock {
  readonly #machine: Clock
  readonly #onRound: () => void
  #alive = true

  /** `onRound` is told before each timer of this process. */
  constructor(machine: Clock, onRound: () => void) {
    this.#machine = machine
    this.#onRound = onRound
  }

  wallMs(): number {
    return this.#machine.wallMs()
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  schedule(delayMs: number, fn: () => void): () => void {
    return this.#machine.schedule(delayMs, () => {
      if (!this.#alive) return
      this.#onRound()
      fn()
    })
  }

  kill(): void {
    this.#alive = false
  }
}

/** One node of a test cluster: the shipping runtime over a store and a mesh in memory. */
export class TestNode {
  readonly id: NodeId
  readonly clock: ClockView
  #process: ProcessClock | undefined
  readonly metrics: CountingMetrics = new CountingMetrics()
  store: MemoryStore = new MemoryStore()
  /** What its runtime said it must end for. */
  readonly faults: unknown[] = []
  mesh: MemoryMesh | undefined
  runtime: Runtime | undefined
  /** Most signatures that it checked between two of its timers. */
  checkedAtOnce = 0
  readonly #cluster: TestCluster
  readonly #index: number
  #breaking = false
  #checked = 0

  constructor(cluster: TestCluster, index: number) {
    this.#cluster = cluster
    this.#index = index
    this.id = nodeIdOf(this.#signer().publicKey)
    this.clock = cluster.clock.view(0)
  }

  get registry(): Registry {
    if (this.runtime === undefined) throw new Error('this node is down')
    return this.runtime.registry
  }

  nowMs(): number {
    return this.clock.wallMs()
  }

  async start(): Promise<void> {
    const join = this.#cluster.nodes.filter((node) => node !== this).map((node) => `/memory/${node.id}`)
    this.mesh = this.#cluster.network.createMesh({ nodeId: this.id, join, metrics: this.metrics })
    this.#process = new ProcessClock(this.clock, () => {
      this.#checked = 0
    })
    await this.store.open()
    const signer = this.#signer()
    this.runtime = await createRuntime({
      settings: { ...this.#cluster.settings, name: `node-${this.#index}`, joins: join.length > 0 },
      store: this.store,
      mesh: this.mesh,
      clock: this.#process,
      random: this.#cluster.random.split(`node ${this.#index}`),
      signer: {
        ...signer,
        sign: (message) => {
          const breaks = this.#breaking
          this.#breaking = false
          if (breaks) throw new Error('the key is gone')
          return signer.sign(message)
        },
      },
      verifier: {
        verify: (...check) => {
          this.#checked++
          this.checkedAtOnce = Math.max(this.checkedAtOnce, this.#checked)
          return inlineVerifier.verify(...check)
        },
      },
      filterBuilder: { rebuild: async (words) => buildFilter(await createHasher(), words, 0.01).encode() },
      log: silent,
      metrics: this.metrics as Metrics,
      onFault: (error) => this.faults.push(error),
    })
    await this.runtime.start()
  }

  /** As a process that gets SIGKILL: nothing is flushed, unsynced writes are lost. */
  async crash(): Promise<void> {
    this.#process?.kill()
    this.store.crash()
    await this.mesh?.stop()
    this.runtime = undefined
    this.store = new MemoryStore({ disk: this.store.disk })
  }

  /** The next signature throws. */
  breakSigning(): void {
    this.#breaking = true
  }

  refuseDisk(refuses: boolean): void {
    this.store.disk.refusesWrites = refuses
  }

  async view(agent: Agent): Promise<EntityView | undefined> {
    const view = await this.registry.entity(agent.id, 'local')
    return view.ok ? view.value : undefined
  }

  async status(agent: Agent): Promise<Status | undefined> {
    return (await this.view(agent))?.status
  }

  session(agent: Agent): Session {
    return this.registry.openSession({
      kind: 'native',
      entities: [agent.id],
      address: '127.0.0.1',
      onRevoked: () => undefined,
      onMoved: () => undefined,
    })
  }

  async register(agent: Agent): Promise<void> {
    const result = await this.#cluster.until(
      this.registry.register(agent.registration(this.nowMs()), { requestId: 'r', address: '127.0.0.1' }),
    )
    if (!result.ok) throw new Error(result.message)
  }

  async update(agent: Agent, fields: JsonObject): Promise<void> {
    const act = agent.update(this.nowMs(), fields)
    const result = await this.#cluster.until(
      this.registry.update(agent.id, act, { requestId: 'u', address: '127.0.0.1' }),
    )
    if (!result.ok) throw new Error(result.message)
  }

  async deregister(agent: Agent): Promise<void> {
    const act = agent.deregistration(this.nowMs())
    const result = await this.#cluster.until(
      this.registry.deregister(agent.id, act, { requestId: 'd', address: '127.0.0.1' }),
    )
    if (!result.ok) throw new Error(result.message)
  }

  async beat(agent: Agent, session: Session = this.session(agent)): Promise<BeatOutcome> {
    const beat = agent.beat(this.id, this.nowMs())
    const answer = this.registry.beat(agent.id, beat, { requestId: 'b', address: '127.0.0.1', session })
    return (await this.#cluster.until(answer)).outcome
  }

  cluster(): ClusterView {
    return this.registry.cluster()
  }

  /** Ids that a default search for `text` finds. */
  async found(text: string, status: Status | 'any' = 'active'): Promise<string[]> {
    const answer = await this.registry.search({ text, status, limit: 100, offset: 0 })
    if (!answer.ok) throw new Error(answer.message)
    return answer.value.hits.map((hit) => hit.entity.id)
  }

  #signer(): ReturnType<typeof nativeSigner> {
    return nativeSigner(new Uint8Array(32).fill(this.#index + 1))
  }
}

/** Nodes of one seeded history under one manual clock. */
export class TestCluster {
  readonly clock: ManualClock = new ManualClock()
  readonly random: SeededRandom
  readonly network: MemoryMeshNetwork
  readonly settings: RuntimeSettings
  readonly nodes: TestNode[] = []

  constructor(size: number, overrides: Partial<RuntimeSettings> = {}, seed = 1) {
    this.random = new SeededRandom(seed)
    this.settings = { ...SETTINGS, ...overrides }
    this.network = new MemoryMeshNetwork({ clock: this.clock, random: this.random.split('network') })
    for (let i = 0; i < size; i++) this.nodes.push(new TestNode(this, i))
  }

  node(index: number): TestNode {
    const node = this.nodes[index]
    if (node === undefined) throw new Error(`no node ${index}`)
    return node
  }

  /** Starts every node, and lets them find each other. */
  async start(): Promise<void> {
    for (const node of this.nodes) await this.until(node.start())
    await this.pass(10_000)
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms)
  }

  /** Lets time pass until `promise` settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    void Promise.allSettled([promise]).then(() => {
      settled = true
    })
    for (let i = 0; i < 20_000 && !settled; i++) await this.pass(1)
    return promise
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) {
      if (node.runtime !== undefined) await this.until(node.runtime.stop())
      await node.store.close()
    }
  }
}
