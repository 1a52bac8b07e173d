/**
 * A node in a process that can be looked into: the composition of the product, started as the command starts it, beside a
 * monitor of its event loop and a switch that cuts its links to some of the others.
 */
import diagnostics from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { loadConfig, type NodeOptions, type RunningNode, startNode } from '@rollcall/node'
import { StallMonitor, type Stalls } from './stalls.ts'

export type NodeCommand =
  | { readonly type: 'start'; readonly options: NodeOptions }
  /** Ends the links to these ports and makes no new ones; an empty list mends all. */
  | { readonly type: 'cut'; readonly ports: readonly number[] }
  | { readonly type: 'state' }
  | { readonly type: 'look' }
  /** Notes from now on when each entity became active here and was found by its name. */
  | { readonly type: 'note-activations' }
  | { readonly type: 'activations' }
  | { readonly type: 'stop' }

export interface NodeStarted {
  readonly url: string
  readonly nodeId: string
  /** From the beginning of the start until the API answered, milliseconds. */
  readonly startMs: number
}

/** What a node says of itself. */
export interface NodeState {
  readonly digest: string
  readonly active: number
  readonly inactive: number
  /** Nodes it is connected to. */
  readonly connected: number
}

/** What its process used since it was looked at before. */
export interface NodeLook extends Stalls {
  /** Processor time, all threads, milliseconds. */
  readonly cpuMs: number
  readonly residentBytes: number
  /** Bytes both ways over links that this process dialled, by the port they lead to, since the process began. */
  readonly linkBytes: Readonly<Record<number, number>>
}

/** The links of this process to other nodes, as a firewall would see them: who dialled them ends them. */
class Links {
  readonly #sockets = new Map<Socket, number>()
  readonly #ended = new Map<number, number>()
  #cut: ReadonlySet<number> = new Set()

  constructor() {
    diagnostics.subscribe('net.client.socket', (message) => {
      const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined
      if (socket instanceof Socket) this.#watch(socket)
    })
  }

  cut(ports: readonly number[]): void {
    this.#cut = new Set(ports)
    for (const [socket, port] of this.#sockets) this.#refuse(socket, port)
  }

  /** Bytes both ways, by port. */
  bytes(): Readonly<Record<number, number>> {
    const total = new Map(this.#ended)
    for (const [socket, port] of this.#sockets) total.set(port, (total.get(port) ?? 0) + bytesOf(socket))
    return Object.fromEntries(total)
  }

  #watch(socket: Socket): void {
    socket.once('connect', () => {
      const port = socket.remotePort ?? 0
      this.#sockets.set(socket, port)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#ended.set(port, (this.#ended.get(port) ?? 0) + bytesOf(socket))
      })
      this.#refuse(socket, port)
    })
  }

  #refuse(socket: Socket, port: number): void {
    if (this.#cut.has(port)) socket.destroy(new Error('the link is cut'))
  }
}

const bytesOf = (socket: Socket): number => socket.bytesRead + socket.bytesWritten

const links = new Links()
const stalls = new StallMonitor()
let node: RunningNode | undefined
let cpu = process.cpuUsage()

const start = async (options: NodeOptions): Promise<NodeStarted> => {
  const loaded = loadConfig(options, { ROLLCALL_LOG_FORMAT: 'json' })
  if (!loaded.ok) throw new Error(loaded.problems.join(' '))
  const startedMs = performance.now()
  node = await startNode(loaded.config)
  const startMs = performance.now() - startedMs
  return { url: node.url, nodeId: node.registry.nodeId, startMs }
}

const state = (): NodeState => {
  if (node === undefined) throw new Error('the node was not started')
  const { counts, digest } = node.registry.node()
  const others = node.registry.cluster().nodes.filter((line) => line.connected && !line.self)
  return { digest, active: counts.active, inactive: counts.inactive, connected: others.length }
}

const look = (): NodeLook => {
  const used = process.cpuUsage(cpu)
  cpu = process.cpuUsage()
  const cpuMs = (used.user + used.system) / 1_000
  return { ...stalls.take(), cpuMs, residentBytes: process.memoryUsage.rss(), linkBytes: links.bytes() }
}

const activations: Record<string, number> = {}

/** The clock that all processes of a machine have in common, milliseconds. */
const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

const noteActivations = (): void => {
  const registry = node?.registry
  registry?.subscribe({
    listener: ({ type, entityId, name = '' }) => {
      if (type !== 'active' || entityId === undefined) return
      void registry.search({ text: name, status: 'active', limit: 5, offset: 0 }).then((found) => {
        if (found.ok && found.value.hits.some(({ entity }) => entity.record.id === entityId)) {
          activations[entityId] = machineMs()
        }
      })
    },
  })
}

const obey = async (command: NodeCommand): Promise<object> => {
  switch (command.type) {
    case 'start':
      return start(command.options)
    case 'cut':
      links.cut(command.ports)
      return {}
    case 'note-activations':
      noteActivations()
      return {}
    case 'activations':
      return { atMs: activations }
    case 'state':
      return state()
    case 'look':
      return look()
    case 'stop':
      await node?.stop()
      return {}
  }
}

process.on('message', (command: NodeCommand) => {
  obey(command).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  )
})
