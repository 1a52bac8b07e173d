/**
 * Several test nodes under one clock. What they publish becomes messages that a test may hold back, drop, repeat and
 * reorder; sync, status and fetch follow the links that are up. No runtime, no network: only the core.
 */
import type { CoreSettings, Effects, RegistryInput } from '@rollcall/core'
import {
  type Delta,
  decodeDelta,
  decodeStatus,
  type EntityId,
  encodeDelta,
  encodeStatus,
  equalBytes,
  type NodeId,
  type Stamp,
} from '@rollcall/protocol'
import { nodeKeys } from './keys.ts'
import { startOfTime, TestNode, type Time } from './node.ts'
import { SETTINGS } from './settings.ts'
import { taken } from './taken.ts'

/** A gossip message on its way to one node. */
export interface Message {
  readonly from: TestNode
  readonly stamp: Stamp
  readonly deltas: readonly Uint8Array[]
}

interface Underway {
  readonly to: TestNode
  readonly message: Message
}

export interface ClusterInit {
  readonly count: number
  readonly settings?: CoreSettings
  /** System clocks of the nodes, minus the time of the test. */
  readonly offsetsMs?: readonly number[]
}

export class Cluster {
  readonly time: Time = startOfTime()
  readonly settings: CoreSettings
  readonly nodes: readonly TestNode[]
  /** Whether messages are delivered as soon as they are sent. Otherwise they wait in `underway`. */
  prompt = true
  underway: Underway[] = []
  /** Every message ever sent, for replays. */
  readonly sent: Message[] = []
  readonly #cuts = new Set<string>()
  readonly #down = new Set<TestNode>()
  readonly #inbox: { readonly to: TestNode; readonly events: readonly RegistryInput[] }[] = []
  #stepping = false

  constructor({ count, settings = SETTINGS, offsetsMs = [] }: ClusterInit) {
    this.settings = settings
    this.nodes = nodeKeys(count).map(
      (key, i) => new TestNode({ key, settings, time: this.time, offsetMs: offsetsMs[i] ?? 0 }),
    )
    for (const node of this.nodes) node.onEffects = (effects) => this.#carryOut(node, effects)
  }

  at(i: number): TestNode {
    const node = this.nodes[i]
    if (node === undefined) throw new Error(`there is no node ${i}`)
    return node
  }

  get up(): readonly TestNode[] {
    return this.nodes.filter((node) => !this.#down.has(node))
  }

  // ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────

  cut(a: TestNode, b: TestNode): void {
    this.#cuts.add(linkOf(a, b))
  }

  /** Cuts every link of `node`. */
  isolate(node: TestNode): void {
    for (const other of this.nodes) if (other !== node) this.cut(node, other)
  }

  heal(): void {
    this.#cuts.clear()
  }

  /** Neither ticks nor hears until `wake`. Its state stays: a suspended process; a dead one is restarted afterwards. */
  stop(node: TestNode): void {
    this.#down.add(node)
  }

  wake(node: TestNode): void {
    this.#down.delete(node)
  }

  isUp(node: TestNode): boolean {
    return !this.#down.has(node)
  }

  linked(a: TestNode, b: TestNode): boolean {
    return a !== b && this.isUp(a) && this.isUp(b) && !this.#cuts.has(linkOf(a, b))
  }

  /** Whether gossip finds a way, over other nodes too. */
  reaches(from: TestNode, to: TestNode): boolean {
    const reached = new Set([from])
    for (const node of reached) for (const next of this.nodes) if (this.linked(node, next)) reached.add(next)
    return reached.has(to)
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Delivers what is under way, oldest first. */
  deliverAll(): void {
    for (let item = this.underway.shift(); item !== undefined; item = this.underway.shift()) this.#deliver(item)
  }

  /** Loses the message under way at `index`. */
  lose(index: number): void {
    this.underway.splice(index, 1)
  }

  /** Delivers the message under way at `index`, whatever was sent before it. */
  deliverOne(index: number): void {
    const [item] = this.underway.splice(index, 1)
    if (item !== undefined) this.#deliver(item)
  }

  /** Hands an old message to a node once more. */
  replay(message: Message, to: TestNode): void {
    if (this.isUp(to)) this.#handOver(message, to)
  }

  #deliver({ to, message }: Underway): void {
    if (this.reaches(message.from, to)) this.#handOver(message, to)
  }

  #handOver({ from, stamp, deltas }: Message, to: TestNode): void {
    // G3: what an origin ahead of the clock says is ignored whole.
    if (stamp.wallMs > to.nodeMs + this.settings.skewMs) return
    const read = deltas.map((bytes) => taken(decodeDelta(bytes)))
    const heard = { type: 'heard', node: from.id, stamp, ageMs: 0 } as const
    this.#send(to, heard, { type: 'deltas', deltas: read, from: from.id, source: 'gossip' })
  }

  #carryOut(node: TestNode, { publish, fetch }: Effects): void {
    if (publish.length > 0) {
      const stamp = node.state.hybrid.issue(node.nodeMs)
      const message: Message = { from: node, stamp, deltas: publish.map(encodeDelta) }
      this.sent.push(message)
      for (const to of this.nodes) if (to !== node) this.underway.push({ to, message })
    }
    for (const { id, from } of fetch) this.#fetch(node, id, from)
    if (this.prompt) this.deliverAll()
  }

  #fetch(node: TestNode, id: EntityId, from: NodeId): void {
    const peer = this.nodes.find((one) => one.id === from)
    const entry = peer !== undefined && this.linked(node, peer) ? peer.entry(id) : undefined
    if (entry !== undefined) this.#send(node, { type: 'deltas', deltas: [copyOf(entry)], from, source: 'fetch' })
  }

  /** Events of one node never interrupt a step of another, nor its own. */
  #send(to: TestNode, ...events: readonly RegistryInput[]): void {
    this.#inbox.push({ to, events })
    if (this.#stepping) return
    this.#stepping = true
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) next.to.step(...next.events)
    this.#stepping = false
  }

  // ── Sync and status ───────────────────────────────────────────────────────────────────────────────────────────────

  /** One complete sync of two nodes, both ways. False where they cannot reach each other. */
  sync(a: TestNode, b: TestNode): boolean {
    if (!this.linked(a, b)) return false
    const started = { a: Math.floor(a.nodeMs), b: Math.floor(b.nodeMs) }
    this.#hearTable(a, b)
    this.#hearTable(b, a)
    const differing = differingIds(a, b)
    const [fromA, fromB] = [entriesOf(a, differing), entriesOf(b, differing)]
    if (fromB.length > 0) this.#send(a, { type: 'deltas', deltas: fromB, from: b.id, source: 'sync' })
    if (fromA.length > 0) this.#send(b, { type: 'deltas', deltas: fromA, from: a.id, source: 'sync' })
    this.#send(a, { type: 'synced', peer: b.id, startedMs: started.a })
    this.#send(b, { type: 'synced', peer: a.id, startedMs: started.b })
    return true
  }

  syncAll(): void {
    for (const a of this.nodes) for (const b of this.nodes) if (a.id < b.id) this.sync(a, b)
  }

  /** What `from` knows of when each node was last heard, itself included (S1). */
  #hearTable(to: TestNode, from: TestNode): void {
    const nowMs = this.time.monotonicMs
    const own = from.state.hybrid.issue(from.nodeMs)
    const lines = [...from.state.members.all()].map(({ id, lastStamp, heardMs }) => ({
      node: id,
      stamp: lastStamp,
      ageMs: nowMs - heardMs,
    }))
    const known = [...lines, { node: from.id, stamp: own, ageMs: 0 }].flatMap(({ node, stamp, ageMs }) =>
      stamp === undefined ? [] : [{ type: 'heard', node, stamp, ageMs } as const],
    )
    this.#send(to, ...known)
  }

  /** Every node tells its status to all that gossip reaches. */
  tellStatus(): void {
    for (const from of this.up) {
      const status = taken(decodeStatus(encodeStatus(from.status())))
      for (const to of this.up) {
        if (to === from || !this.reaches(from, to)) continue
        if (status.stamp.wallMs > to.nodeMs + this.settings.skewMs) continue
        this.#send(to, { type: 'status', origin: from.id, status })
      }
    }
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Time passes and nobody does anything. */
  jump(ms: number): void {
    this.time.wallMs += ms
    this.time.monotonicMs += ms
  }

  /** Time passes tick by tick; `each` runs after the ticks of every node. Status, sync, flush and sweep come on time. */
  pass(ms: number, each: () => void = () => undefined): void {
    const { tickMs, suspectMs, intervalMs } = this.settings
    const startMs = this.time.monotonicMs
    const due = (periodMs: number): boolean =>
      Math.floor((this.time.monotonicMs - startMs) / periodMs) >
      Math.floor((this.time.monotonicMs - startMs - tickMs) / periodMs)
    while (this.time.monotonicMs < startMs + ms) {
      this.jump(Math.min(tickMs, startMs + ms - this.time.monotonicMs))
      for (const node of this.up) node.tick()
      each()
      if (due(Math.max(tickMs, suspectMs / 3))) this.tellStatus()
      if (due(intervalMs)) this.syncAll()
      if (due(2 * intervalMs)) this.maintain()
    }
  }

  /** Flush and sweep on every node that is up. */
  maintain(): void {
    for (const node of this.up) {
      node.step({ type: 'flush' })
      node.step({ type: 'sweep', ids: [...node.state.holdings.keys()] })
    }
  }

  converged(): boolean {
    return new Set(this.up.map((node) => node.digest())).size === 1
  }
}

const linkOf = (a: TestNode, b: TestNode): string => [a.id, b.id].sort().join(' ')

const copyOf = (delta: Delta): Delta => taken(decodeDelta(encodeDelta(delta)))

const differingIds = (a: TestNode, b: TestNode): EntityId[] => {
  const ids = new Set([...a.state.holdings.keys(), ...b.state.holdings.keys()])
  return [...ids].filter((id) => {
    const [ours, theirs] = [a.state.holdings.get(id), b.state.holdings.get(id)]
    return ours === undefined || theirs === undefined || !equalBytes(ours.item.hash, theirs.item.hash)
  })
}

const entriesOf = (node: TestNode, ids: readonly EntityId[]): Delta[] =>
  ids.flatMap((id) => {
    const entry = node.entry(id)
    return entry === undefined ? [] : [copyOf(entry)]
  })
