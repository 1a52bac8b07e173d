/** One node of a world: a machine (disk, clocks, key) and the process on it, which may end and begin again. */
import type { Log, Mesh, Registry, Store } from '@rollcall/core'
import { type NodeId, nodeIdOf, type Signer } from '@rollcall/protocol'
import { createRuntime, type Runtime } from '@rollcall/runtime'
import { buildFilter } from '@rollcall/search/bloom'
import { type ClockView, MemoryDisk, MemoryStore, type SeededRandom } from '@rollcall/testkit'
import { Gate } from '../engine/gate.ts'
import { ProcessClock } from '../engine/process-clock.ts'
import type { World } from '../world.ts'
import { copyDisk } from './disk-copy.ts'
import { SimMesh } from './sim-mesh.ts'
import { SimMetrics } from './sim-metrics.ts'
import { SimStore } from './sim-store.ts'

/** What a caller gets whose process ended before it answered. */
export const LOST: unique symbol = Symbol('lost')
export type Lost = typeof LOST

interface Process {
  readonly gate: Gate
  readonly clock: ProcessClock
  readonly store: MemoryStore
  readonly mesh: SimMesh
  readonly startedMs: number
  runtime: Runtime | undefined
  /** Callers that wait for an answer. */
  readonly callers: Set<() => void>
}

export class SimNode {
  readonly index: number
  readonly name: string
  readonly id: NodeId
  readonly signer: Signer
  readonly machine: ClockView
  readonly metrics: SimMetrics = new SimMetrics()
  readonly #world: World
  readonly #random: SeededRandom
  #disk = new MemoryDisk()
  #process: Process | undefined
  #starts = 0
  readonly #ailments = new Map<string, number>()
  #jumpMs = 0
  /** Whether the next process finds the system clock as it is, right or wrong. */
  startsWithWrongClock = false
  /** Longest time one write of the disk takes now. */
  diskDelayMaxMs = 0

  constructor(world: World, index: number) {
    this.#world = world
    this.index = index
    this.name = `n${index + 1}`
    this.signer = world.keys.signer(`node ${index}`)
    this.id = nodeIdOf(this.signer.publicKey)
    this.machine = world.clock.view(0)
    this.#random = world.random.split(`node ${index}`)
  }

  /** The runtime while the process serves. */
  get runtime(): Runtime | undefined {
    return this.#process?.runtime
  }

  get isUp(): boolean {
    return this.#process?.runtime !== undefined
  }

  get isDown(): boolean {
    return this.#process === undefined
  }

  /** Whether the process serves and nothing known is wrong with its machine. */
  get isHealthy(): boolean {
    return this.isUp && this.#ailments.size === 0
  }

  /** Notes what is wrong with this machine (its clock, its disk, its turns), until `cured` is called as often. */
  ails(what: string): void {
    this.#ailments.set(what, (this.#ailments.get(what) ?? 0) + 1)
    this.#world.paths.update()
  }

  cured(what: string): void {
    const count = this.#ailments.get(what) ?? 0
    if (count > 1) this.#ailments.set(what, count - 1)
    else this.#ailments.delete(what)
    this.#world.paths.update()
  }

  get disk(): MemoryDisk {
    return this.#disk
  }

  /** The number of this process: 1 for the first on this machine. */
  get run(): number {
    return this.#starts
  }

  // ── The process ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts a process on this machine; it serves as soon as its store is read. */
  start(): void {
    if (this.#process !== undefined) throw new Error(`${this.name} runs already`)
    if (!this.startsWithWrongClock) this.mendClock()
    const world = this.#world
    const gate = new Gate(world.clock, this.#random.split(`gate ${++this.#starts}`))
    const clock = new ProcessClock(this.machine, gate)
    const process: Process = {
      gate,
      clock,
      store: new MemoryStore({ disk: this.#disk }),
      mesh: this.#mesh(gate),
      startedMs: world.nowMs(),
      runtime: undefined,
      callers: new Set(),
    }
    this.#process = process
    this.#boot(process).catch((error: unknown) => {
      if (gate.isAlive) world.fail('starts', `${this.name} could not start: ${String(error)}`)
    })
  }

  /** Ends the process as SIGKILL or a power cut does: of the writes that are not safe the newest `lost` go with it. */
  crash(lost: number = this.#disk.unsyncedBatches): void {
    const process = this.#end()
    process.store.crash({ lost })
    void process.mesh.stop()
    this.#world.tell('ended', (watcher) => watcher.ended?.(this, { how: 'crash', lostBatches: lost }))
  }

  /** Ends the process as it is meant to end. Resolves when it has. */
  async stop(): Promise<void> {
    const process = this.#process
    if (process?.runtime === undefined) return
    await process.runtime.stop()
    if (this.#process !== process) return
    this.#end()
    await process.store.close()
    this.#world.tell('ended', (watcher) => watcher.ended?.(this, { how: 'stop', lostBatches: 0 }))
  }

  /** No turns until `resume`: time goes on without the process. */
  pause(): void {
    this.#process?.gate.close()
  }

  resume(): void {
    this.#process?.gate.open()
  }

  /** Turns come up to `ms` late; 0 ends it. */
  slow(ms: number): void {
    this.#process?.gate.lag(ms)
  }

  // ── The system clock ──────────────────────────────────────────────────────────────────────────────────────────────

  jumpClock(ms: number): void {
    this.#jumpMs += ms
    this.machine.stepWall(ms)
  }

  /** Sets the system clock right again, as a time service does; most machines do so before they start anything else. */
  mendClock(): void {
    this.machine.stepWall(-this.#jumpMs)
    this.#jumpMs = 0
  }

  // ── The disk ──────────────────────────────────────────────────────────────────────────────────────────────────────

  wipe(): void {
    this.#replaceDisk(new MemoryDisk(), 'wiped')
  }

  /** What a backup taken now would hold. */
  backup(): MemoryDisk {
    return copyDisk(this.#disk)
  }

  restore(copy: MemoryDisk): void {
    this.#replaceDisk(copyDisk(copy), 'restored')
  }

  #replaceDisk(disk: MemoryDisk, how: 'wiped' | 'restored'): void {
    if (!this.isDown) throw new Error(`the disk of ${this.name} is in use`)
    this.#disk = disk
    this.#world.tell('diskReplaced', (watcher) => watcher.diskReplaced?.(this, how))
  }

  // ── Callers ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Asks the registry of this node, as a client's request that has arrived would. */
  call<T>(ask: (registry: Registry) => Promise<T>): Promise<T | Lost> {
    const process = this.#process
    const registry = process?.runtime?.registry
    if (process === undefined || registry === undefined) return Promise.resolve(LOST)
    return new Promise((resolve) => {
      const lose = (): void => resolve(LOST)
      process.callers.add(lose)
      const settle = (value: T | Lost): void => {
        if (process.callers.delete(lose)) resolve(value)
      }
      process.gate.enter(() => {
        ask(registry).then(settle, (error: unknown) => {
          this.#world.fail('calls', `a call of ${this.name} was rejected: ${String(error)}`)
        })
      })
    })
  }

  // ── Parts of a process ────────────────────────────────────────────────────────────────────────────────────────────

  #end(): Process {
    const process = this.#process
    if (process === undefined) throw new Error(`${this.name} is down already`)
    process.gate.kill()
    this.#process = undefined
    for (const lose of [...process.callers]) lose()
    process.callers.clear()
    return process
  }

  async #boot(process: Process): Promise<void> {
    const world = this.#world
    const { settings, mutation } = world
    await process.store.open()
    const store: Store = mutation?.store?.(process.store, this) ?? process.store
    const mesh: Mesh = mutation?.mesh?.(process.mesh, this) ?? process.mesh
    const own = { ...settings, name: this.name, url: `http://${this.name}`, joins: world.nodes.length > 1 }
    const runtime = await createRuntime({
      settings: mutation?.settings?.(own, this) ?? own,
      store: new SimStore(store, process.clock, () => this.diskDelayMaxMs * this.#random.next()),
      mesh,
      clock: process.clock,
      random: this.#random.split(`runtime ${this.#starts}`),
      signer: this.signer,
      verifier: mutation?.verifier?.(world.keys, this) ?? world.keys,
      filterBuilder: {
        rebuild: (words) =>
          Promise.resolve(buildFilter(world.hasher, words, settings.filterFalsePositiveRate).encode()),
      },
      log: this.#log(process),
      metrics: this.metrics,
      // The log told it, and `no-internal-error` judges it.
      onFault: nothing,
    })
    if (!process.gate.isAlive) return
    this.#watch(runtime)
    mutation?.inside?.(runtime.inside, this)
    process.runtime = runtime
    world.tell('started', (watcher) => watcher.started?.(this))
    await runtime.start()
  }

  #watch({ inside: { state }, registry }: Runtime): void {
    const replace = state.replace.bind(state)
    state.replace = (id, entry, now) => {
      const before = state.holdings.get(id)?.entry
      const holding = replace(id, entry, now)
      this.#world.tell('changed', (watcher) => watcher.changed?.(this, id, before, entry))
      return holding
    }
    registry.subscribe({
      listener: (event) => this.#world.tell('observed', (watcher) => watcher.observed?.(this, event)),
    })
  }

  #mesh(gate: Gate): SimMesh {
    const world = this.#world
    const join = world.nodes.filter((node) => node !== this).map((node) => `/memory/${node.name}`)
    const inner = world.network.createMesh({ nodeId: this.id, name: this.name, join, metrics: this.metrics })
    return new SimMesh(inner, gate, {
      publish: (topic, message) => {
        world.tell('published', (watcher) => watcher.published?.(this, topic, message))
        return message
      },
      judged: (topic, message, from, verdict) => {
        world.tell('judged', (watcher) => watcher.judged?.(this, topic, message, from, verdict))
      },
      answered: (protocol, from, body, answer) => {
        world.tell('answered', (watcher) => watcher.answered?.(this, protocol, body, answer))
        if (world.trace.isOn)
          world.trace.line('ask', this.name, `${protocol} from ${world.trace.of(from)}: ${answer.length} bytes`)
      },
      linked: (peer, isOpen) => {
        if (world.trace.isOn) world.trace.line('link', this.name, `${isOpen ? '+' : '-'} ${world.trace.of(peer)}`)
      },
    })
  }

  #log(process: Process): Log {
    const tell =
      (level: 'warn' | 'error') =>
      (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
        if (process.gate.isAlive)
          this.#world.tell('logged', (watcher) => watcher.logged?.(this, level, message, fields))
      }
    const log: Log = { debug: nothing, info: nothing, warn: tell('warn'), error: tell('error'), child: () => log }
    return log
  }
}

const nothing = (): void => undefined
