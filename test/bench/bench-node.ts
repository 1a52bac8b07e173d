/** Nodes in processes of their own (`load/node.ts`), with stores that were written beforehand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../e2e/support/free-port.ts'
import { metricsOf } from '../e2e/support/metrics.ts'
import { until } from '../e2e/support/wait.ts'
import { Commanded } from './load/commanded.ts'
import type { NodeCommand, NodeLook, NodeStarted, NodeState } from './load/node.ts'

const PROGRAM = new URL('./load/node.ts', import.meta.url)

export class BenchNode {
  readonly dataDir: string
  readonly meshPort: number
  readonly #settings: readonly string[]
  readonly #http: string
  #process: Commanded<NodeCommand> | undefined
  #started: NodeStarted | undefined

  private constructor(init: { dataDir: string; settings: readonly string[]; meshPort: number; http: string }) {
    this.dataDir = init.dataDir
    this.meshPort = init.meshPort
    this.#settings = init.settings
    this.#http = init.http
  }

  static async at(dataDir: string, settings: readonly string[]): Promise<BenchNode> {
    return new BenchNode({ dataDir, settings, meshPort: await freePort(), http: `127.0.0.1:${await freePort()}` })
  }

  get mesh(): string {
    return `/ip4/127.0.0.1/tcp/${this.meshPort}/ws`
  }

  get started(): NodeStarted {
    if (this.#started === undefined) throw new Error('the node was not started')
    return this.#started
  }

  get url(): string {
    return this.started.url
  }

  async start(options: { readonly join: readonly string[]; readonly cut?: readonly number[] }): Promise<this> {
    this.#process = new Commanded(PROGRAM)
    if (options.cut !== undefined) await this.cut(options.cut)
    const { join: peers } = options
    this.#started = await this.#do<NodeStarted>({
      type: 'start',
      options: { data: this.dataDir, http: this.#http, mesh: this.mesh, join: peers, set: this.#settings },
    })
    return this
  }

  /** What it says of itself, and what it used since it was looked at before. */
  look(): Promise<NodeLook> {
    return this.#do<NodeLook>({ type: 'look' })
  }

  state(): Promise<NodeState> {
    return this.#do<NodeState>({ type: 'state' })
  }

  async noteActivations(): Promise<void> {
    await this.#do({ type: 'note-activations' })
  }

  /** When each entity was found here as active, milliseconds of the clock of the machine. */
  async activations(): Promise<Readonly<Record<string, number>>> {
    return (await this.#do<{ readonly atMs: Record<string, number> }>({ type: 'activations' })).atMs
  }

  async cut(ports: readonly number[]): Promise<void> {
    await this.#do({ type: 'cut', ports })
  }

  metrics(): Promise<ReadonlyMap<string, number>> {
    return metricsOf(this.url)
  }

  async stop(): Promise<void> {
    await this.#process?.end()
  }

  #do<T extends object>(command: NodeCommand): Promise<T> {
    if (this.#process === undefined) throw new Error('the node was not started')
    return this.#process.do<T>(command)
  }
}

/** Nodes in one temporary folder; `stop` ends them and removes it. */
export class BenchNodes {
  readonly nodes: BenchNode[] = []
  readonly #folder: string
  readonly #settings: readonly string[]

  private constructor(folder: string, settings: readonly string[]) {
    this.#folder = folder
    this.#settings = settings
  }

  static async of(size: number, settings: readonly string[]): Promise<BenchNodes> {
    const all = new BenchNodes(await mkdtemp(join(tmpdir(), 'rollcall-bench-run-')), settings)
    for (let number = 0; number < size; number++) {
      all.nodes.push(await BenchNode.at(join(all.#folder, String(number)), all.#settings))
    }
    return all
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Waits until this node has a link to another; resolves with the milliseconds it took. */
export const untilLinked = async (node: BenchNode, ms: number): Promise<number> =>
  (await until(ms, 'a link', async () => (await node.state()).connected > 0)).tookMs

/** Being asked is work, too: every 25 ms it took some twentieth of the time of nodes that were healing. */
const LOOK_SELDOM_MS = 100

/** Waits until all hold the same; resolves with the milliseconds it took, to an eighth of a second. */
export const untilEqual = async (nodes: readonly BenchNode[], ms: number): Promise<number> => {
  const { tookMs } = await until(ms, 'equal digests', async () => {
    const digests = await Promise.all(nodes.map(async (node) => (await node.state()).digest))
    if (new Set(digests).size === 1) return true
    await pause(LOOK_SELDOM_MS)
    return false
  })
  return tookMs
}
