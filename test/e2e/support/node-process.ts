/** Node processes of the product's own entry point, on free ports, ended by pid. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { until, within } from './wait.ts'

/** Node processes that run now. A test run that is cut short takes them along. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]))

const ROLLCALL = fileURLToPath(new URL('../../../packages/cli/bin/rollcall.js', import.meta.url))

/** The profile of `npm run cluster -- --fast`, with a retention that a test can wait for. */
export const FAST: readonly string[] = [
  'heartbeat.interval_seconds=1',
  'heartbeat.inactive_threshold_seconds=10',
  'heartbeat.max_clock_skew_seconds=2',
  'heartbeat.sweep_interval_seconds=2',
  'heartbeat.restart_grace_seconds=3',
  'sync.interval_seconds=2',
  'bloom.rebuild_interval_seconds=10',
  'tombstone.retention_seconds=6',
]

interface Started {
  readonly child: ChildProcess
  readonly url: string
  readonly mesh: string
  readonly nodeId: string
}

export class NodeProcess {
  readonly name: string
  readonly dataDir: string
  readonly #settings: readonly string[]
  readonly #join: readonly string[]
  #addresses: readonly [http: string, mesh: string] | undefined
  #started: Started | undefined
  #log: string[] = []

  constructor(init: {
    readonly name: string
    readonly dataDir: string
    readonly settings: readonly string[]
    readonly join: readonly string[]
  }) {
    this.name = init.name
    this.dataDir = init.dataDir
    this.#settings = init.settings
    this.#join = init.join
  }

  get url(): string {
    return this.#running().url
  }

  get mesh(): string {
    return this.#running().mesh
  }

  get nodeId(): string {
    return this.#running().nodeId
  }

  get pid(): number {
    return this.#running().child.pid ?? assert.fail('a running process has a pid')
  }

  /** The newest lines of the log. */
  get log(): readonly string[] {
    return this.#log
  }

  /** What the log says of faults of the node itself: lines of level error, and those that are no log lines at all. */
  get faults(): readonly string[] {
    return this.#log.filter((line) => !/^\{"level":"?(?:debug|info|warn|10|20|30|40)\b/.test(line))
  }

  /** Starts the process; after a first start on the same ports again. */
  async start(): Promise<this> {
    this.#addresses ??= [`127.0.0.1:${await freePort()}`, `/ip4/127.0.0.1/tcp/${await freePort()}/ws`]
    const [http, mesh] = this.#addresses
    const options = ['--name', this.name, '--data', this.dataDir, '--http', http, '--mesh', mesh]
    const settings = this.#settings.flatMap((setting) => ['--set', setting])
    const join = this.#join.flatMap((address) => ['--join', address])
    const child = spawn(process.execPath, [ROLLCALL, 'node', 'start', ...options, ...settings, ...join], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ROLLCALL_LOG_FORMAT: 'json' },
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    this.#started = { child, ...(await within(30_000, `start of ${this.name}`, this.#upLine(child))) }
    return this
  }

  /** Resolves once the node serves (S4). */
  async ready(): Promise<void> {
    await until(20_000, `${this.name} ready`, async () => (await fetch(`${this.url}/ready`)).ok)
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<number | null> {
    const { child } = this.#running()
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, 'exit')
    child.kill(signal)
    await within(20_000, `end of ${this.name}`, exited)
    return child.exitCode
  }

  /** Stops or continues the process as a debugger would (SIGSTOP, SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running().child.kill(signal)
  }

  #upLine(child: ChildProcess): Promise<Omit<Started, 'child'>> {
    return new Promise((resolve, reject) => {
      const errors: string[] = []
      child.once('exit', (code) => reject(new Error(`${this.name} ended with ${code}: ${errors.join(' ')}`)))
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue
        createInterface({ input: stream }).on('line', (line) => {
          errors.push(line)
          if (errors.length > 20) errors.shift()
          this.#log.push(line)
          if (this.#log.length > 2_000) this.#log = this.#log.slice(-1_000)
          const up = /is up: API (?<url>\S+), mesh (?<mesh>\S+)/.exec(line)?.groups
          const nodeId = /\/p2p\/(?<id>\w+)/.exec(up?.mesh ?? '')?.groups?.id
          if (up?.url !== undefined && up.mesh !== undefined && nodeId !== undefined) {
            resolve({ url: up.url, mesh: up.mesh.replace(/[",].*/, ''), nodeId })
          }
        })
      }
    })
  }

  #running(): Started {
    return this.#started ?? assert.fail(`${this.name} was not started`)
  }
}

/** A cluster of node processes in a folder of their own; `stop` ends them and removes it. */
export class Cluster {
  readonly nodes: NodeProcess[] = []
  readonly #folder: string
  readonly #settings: readonly string[]

  private constructor(folder: string, settings: readonly string[]) {
    this.#folder = folder
    this.#settings = settings
  }

  /** Resolves once all nodes serve. */
  static async start(size: number, settings: readonly string[] = FAST): Promise<Cluster> {
    const cluster = new Cluster(await mkdtemp(join(tmpdir(), 'rollcall-e2e-')), settings)
    try {
      for (let i = 0; i < size; i++) await (await cluster.add()).ready()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** Starts one more node, which joins all others unless told otherwise, with settings of its own after those of all. */
  async add(
    options: { readonly join?: readonly string[]; readonly settings?: readonly string[] } = {},
  ): Promise<NodeProcess> {
    const number = this.nodes.length
    const node = new NodeProcess({
      name: `node-${number}`,
      dataDir: join(this.#folder, String(number)),
      settings: [...this.#settings, ...(options.settings ?? [])],
      join: options.join ?? this.nodes.map((other) => other.mesh),
    })
    this.nodes.push(node)
    return node.start()
  }

  node(index: number): NodeProcess {
    return this.nodes[index] ?? assert.fail(`no node ${index}`)
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) {
      try {
        await node.kill()
      } catch (error) {
        // A node that never started has nothing to end; the folder must go all the same.
        process.stderr.write(`${node.name}: ${String(error)}\n`)
      }
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}
