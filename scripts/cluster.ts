/**
 * Starts a cluster on this machine and shows what each node knows: nodes with the embedded store, and demo agents that
 * register with them and beat.
 *
 *   npm run cluster -- [--nodes N] [--agents N] [--fast] [--fresh] …      (--help lists them all)
 *
 * The programs are those that people run, `rollcall node start` and `rollcall run`, each a process of its own, so that one
 * can be killed, stopped or restarted by hand to see what the others make of it. Ctrl-C ends everything; the exit code
 * is 1 if a program had ended by itself before.
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { generateSeed, keyPairOf, writeKeyFile } from '@rollcall/identity/node'
import { FAST_PROFILE, profileAssignments } from '@rollcall/node'
import { Child } from './cluster/child.ts'
import { type ClusterOptions, parseOptions } from './cluster/options.ts'
import { busyPorts } from './cluster/ports.ts'
import { areActiveEverywhere, askNode, Screen, tableLines } from './cluster/view.ts'
import { repoRoot } from './repo.ts'

const command = join(repoRoot, 'packages/cli/bin/rollcall.js')
const REDRAW_MS = 1_000
const READY_MS = 60_000
const STOP_AGENT_MS = 5_000
const STOP_NODE_MS = 15_000

/** A reason not to start that the reader can act on; printed without a stack. */
class Refusal extends Error {}

type NodePlan = { name: string; http: number; mesh: number; url: string; dir: string }

class Cluster {
  readonly #options: ClusterOptions
  readonly #dataDir: string
  readonly #plans: NodePlan[]
  readonly #screen = new Screen(process.stdout)
  readonly #stopping = new AbortController()
  readonly #nodes: Child[] = []
  readonly #agents: Child[] = []
  #someoneDied = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#dataDir = resolve(repoRoot, options.dataDir)
    this.#plans = Array.from({ length: options.nodes }, (_, index) => {
      const http = options.httpPort + index
      const name = `node-${index + 1}`
      const url = `http://127.0.0.1:${http}`
      return { name, http, mesh: options.meshPort + index, url, dir: join(this.#dataDir, name) }
    })
  }

  /** Runs until told to stop. The exit code. */
  async run(): Promise<number> {
    await this.#prepare()
    this.#listenForSignals()
    try {
      for (const plan of this.#plans) this.#nodes.push(this.#startNode(plan))
      await this.#untilReady()
      for (let number = 1; number <= this.#options.agents; number++) this.#agents.push(await this.#startAgent(number))
      this.#welcome()
      await this.#watch()
    } finally {
      await this.#stop()
    }
    return this.#someoneDied ? 1 : 0
  }

  async #prepare(): Promise<void> {
    const busy = await busyPorts(this.#plans.flatMap(({ http, mesh }) => [http, mesh]))
    if (busy.length > 0) {
      throw new Refusal(
        `port ${busy.join(' and ')} ${busy.length === 1 ? 'is' : 'are'} in use, perhaps by another cluster. Stop what listens there, or choose others with --http-port and --mesh-port.`,
      )
    }
    if (this.#options.fresh) this.#forget()
    mkdirSync(join(this.#dataDir, 'logs'), { recursive: true })
  }

  /** Removes what earlier runs left, and nothing else that may lie in the folder. */
  #forget(): void {
    mkdirSync(this.#dataDir, { recursive: true })
    for (const name of readdirSync(this.#dataDir)) {
      if (/^(?:(?:node|agent)-\d+|logs)$/.test(name)) rmSync(join(this.#dataDir, name), { recursive: true })
    }
  }

  #startNode(plan: NodePlan): Child {
    const peers = this.#plans.filter((other) => other !== plan)
    return this.#start(plan.name, [
      ...['node', 'start', '--name', plan.name, '--data', plan.dir],
      ...['--http', `127.0.0.1:${plan.http}`, '--mesh', `/ip4/127.0.0.1/tcp/${plan.mesh}/ws`],
      ...peers.flatMap(({ mesh }) => ['--join', `/ip4/127.0.0.1/tcp/${mesh}/ws`]),
      // The demo agents are on this machine too.
      ...['--set', 'cards.allow_private_addresses=true'],
      ...(this.#options.fast ? profileAssignments(FAST_PROFILE).flatMap((pair) => ['--set', pair]) : []),
    ])
  }

  /** Agents begin with different nodes, and know the others to turn to. */
  async #startAgent(number: number): Promise<Child> {
    const name = `agent-${number}`
    const key = join(this.#dataDir, name, 'key.json')
    if (!existsSync(key)) await makeKey(key)
    const first = (number - 1) % this.#plans.length
    const registries = [...this.#plans.slice(first), ...this.#plans.slice(0, first)].map(({ url }) => url)
    return this.#start(name, [
      ...['run', '--name', name, '--url', `http://127.0.0.1:${7_000 + number}`, '--category', 'demo'],
      ...['--tags', `demo,${name}`, '--summary', `Demo agent number ${number}`],
      ...['--key', key],
      ...registries.flatMap((url) => ['--registry', url]),
    ])
  }

  #start(name: string, args: readonly string[]): Child {
    return new Child({
      name,
      args: [command, ...args],
      env: process.env,
      logFile: join(this.#dataDir, 'logs', `${name}.log`),
      onDeath: (child) => {
        this.#someoneDied = true
        this.#screen.say(`${child.name} ended by itself (${child.ended}). Its last words, from ${child.logFile}:`)
        for (const line of child.tail()) this.#screen.say(`  | ${line}`)
        this.#screen.say(`To start it again: npx rollcall ${args.map(quoted).join(' ')}`)
      },
    })
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + READY_MS
    const waiting = new Set(this.#plans)
    this.#screen.say(`starting ${this.#plans.length} nodes …`)
    while (waiting.size > 0 && !this.#stopping.signal.aborted) {
      if (this.#someoneDied) throw new Refusal('a node did not start; its words are above.')
      if (Date.now() > deadline) {
        const names = [...waiting].map(({ name }) => name).join(', ')
        throw new Refusal(`not ready after ${READY_MS / 1000} s: ${names}. The logs are in ${this.#dataDir}/logs.`)
      }
      for (const plan of waiting) if (await isReady(plan.url)) waiting.delete(plan)
      if (waiting.size > 0) await this.#pause(100)
    }
  }

  #welcome(): void {
    const pids = new Map([...this.#nodes, ...this.#agents].map(({ name, pid }) => [name, pid]))
    for (const { name, url } of this.#plans) this.#screen.say(`${name}  ${url}  (process ${pids.get(name)})`)
    for (const { name, pid } of this.#agents) this.#screen.say(`${name}  (process ${pid})`)
    this.#screen.say(`logs in ${this.#dataDir}/logs. Ctrl-C stops everything.\n`)
    const [first] = this.#plans
    if (this.#options.open && process.stdout.isTTY === true && first !== undefined) openBrowser(first.url, this.#screen)
  }

  async #watch(): Promise<void> {
    const names = this.#plans.map(({ name }) => name)
    let announced = this.#options.agents === 0
    while (!this.#stopping.signal.aborted) {
      const reports = await Promise.all(this.#plans.map(({ url }) => askNode(url)))
      if (this.#stopping.signal.aborted) return
      this.#screen.draw(tableLines(names, reports))
      if (!announced && areActiveEverywhere(reports, this.#options.agents)) {
        announced = true
        this.#screen.say(`all ${this.#options.agents} agents are active on all ${names.length} nodes`)
      }
      await this.#pause(REDRAW_MS)
    }
  }

  /** Waits, but not longer than until everything stops. */
  async #pause(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.#stopping.signal })
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error
    }
  }

  #listenForSignals(): void {
    const kill = (): void => {
      for (const child of [...this.#agents, ...this.#nodes]) child.kill()
    }
    const stop = (): void => {
      if (this.#stopping.signal.aborted) kill()
      this.#stopping.abort()
    }
    process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop)
    // Whatever ends this process, nothing it started is left behind.
    process.on('exit', kill)
    // Nobody reads any more, as after `| head`: there is no one to show a cluster to.
    process.stdout.on('error', () => this.#stopping.abort())
  }

  /** Agents first, so that they can still say goodbye. */
  async #stop(): Promise<void> {
    this.#stopping.abort()
    this.#screen.say('stopping …')
    await Promise.all(this.#agents.map((agent) => this.#stopOne(agent, STOP_AGENT_MS)))
    await Promise.all(this.#nodes.map((node) => this.#stopOne(node, STOP_NODE_MS)))
  }

  async #stopOne(child: Child, waitMs: number): Promise<void> {
    if (await child.stop(waitMs)) {
      this.#screen.say(`${child.name} did not stop within ${waitMs / 1000} s and was killed; see ${child.logFile}`)
    }
  }
}

const quoted = (word: string): string => (/^[\w./:=,-]+$/.test(word) ? word : `'${word}'`)

async function makeKey(path: string): Promise<void> {
  const written = await writeKeyFile(path, keyPairOf(generateSeed()))
  if (!written.ok) throw new Refusal(`${written.message}.`)
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ready`, { signal: AbortSignal.timeout(1_000) })).ok
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

function openBrowser(url: string, screen: Screen): void {
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  const browser = spawn(opener, [url], { detached: true, stdio: 'ignore' })
  browser.once('error', () => screen.say(`open ${url} in a browser to see more`))
  browser.unref()
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args)
  if (typeof options === 'string') {
    const isHelp = args.includes('--help') || args.includes('-h')
    console[isHelp ? 'log' : 'error'](options)
    return isHelp ? 0 : 2
  }
  try {
    return await new Cluster(options).run()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    console.error(error.message)
    return 1
  }
}

// Connections kept open for the next poll would delay the end.
process.exit(await main(process.argv.slice(2)))
