import type { Clock, Random } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import { drawDelayMs, type LinkFaults, NO_FAULTS } from './link-faults.ts'
import { MemoryMesh, type MemoryMeshInit } from './memory-mesh.ts'
import type { Broadcast, Link, MemoryWire, Question, WirePeer } from './memory-wire.ts'

export interface MemoryMeshNetworkInit {
  readonly clock: Clock
  readonly random: Random
  /** Faults of every link that `setLink` did not set. Default: one millisecond, nothing lost. */
  readonly faults?: Partial<LinkFaults>
  /** Milliseconds until both ends notice that a cut link is dead. Default 15 000, like the real mesh's pings. */
  readonly lossDetectMs?: number
  /** Milliseconds between two rounds of a node's dial loop, ± half. Default 1 000. */
  readonly redialMs?: number
  /** Broadcasts under way on one link in one direction before more are dropped. Default 10 000. */
  readonly linkQueueMax?: number
}

/**
 * A network of nodes in one process, for tests and simulations.
 *
 * Nothing moves but through `clock.schedule` and nothing is decided but by `random`, so one seed is one history. Links
 * behave like connections: a node dials until one stands, broadcasts travel from neighbour to neighbour, a cut is
 * noticed only after a while, and what is under way when a link breaks is lost.
 *
 * Rejected: delivering a broadcast to every node directly. It hides what verdicts do to forwarding.
 */
export class MemoryMeshNetwork implements MemoryWire {
  readonly clock: Clock
  readonly #random: Random
  readonly #init: Required<Omit<MemoryMeshNetworkInit, 'faults' | 'clock' | 'random'>>
  readonly #nodes = new Map<string, WirePeer>()
  readonly #links = new Map<string, Link>()
  readonly #underWay = new Map<string, number>()
  readonly #linkFaults = new Map<string, LinkFaults>()
  readonly #cuts = new Set<string>()
  #faults: LinkFaults
  #groups: readonly ReadonlySet<NodeId>[] = []
  #topicsBlocked = false

  constructor(init: MemoryMeshNetworkInit) {
    this.clock = init.clock
    this.#random = init.random
    this.#faults = { ...NO_FAULTS, ...init.faults }
    this.#init = {
      lossDetectMs: init.lossDetectMs ?? 15_000,
      redialMs: init.redialMs ?? 1_000,
      linkQueueMax: init.linkQueueMax ?? 10_000,
    }
  }

  /** A node of this network, not yet started. */
  createMesh(init: MemoryMeshInit): MemoryMesh {
    return new MemoryMesh(this, init)
  }

  /** Changes the faults of every link that `setLink` did not set. */
  setFaults(faults: Partial<LinkFaults>): void {
    this.#faults = { ...this.#faults, ...faults }
  }

  /** Sets the faults of the link between two nodes, both ways. */
  setLink(a: NodeId, b: NodeId, faults: Partial<LinkFaults>): void {
    this.#linkFaults.set(pairOf(a, b), { ...this.#faultsOf(a, b), ...faults })
  }

  /** Loses every broadcast, while connections and requests go on. */
  blockTopics(blocked: boolean): void {
    this.#topicsBlocked = blocked
  }

  /** Splits the network: nodes of different groups cannot reach each other. Nodes in no group are one group more. */
  partition(...groups: readonly (readonly NodeId[])[]): void {
    this.#groups = groups.map((group) => new Set(group))
    this.#noticeCutsLater()
  }

  /** Cuts one link, until `mend` or `heal`. */
  cut(a: NodeId, b: NodeId): void {
    this.#cuts.add(pairOf(a, b))
    this.#noticeCutsLater()
  }

  mend(a: NodeId, b: NodeId): void {
    this.#cuts.delete(pairOf(a, b))
  }

  /** Ends every cut and partition. Nodes find each other again by their dial loops. */
  heal(): void {
    this.#cuts.clear()
    this.#groups = []
  }

  redialDelayMs(): number {
    return this.#init.redialMs * (0.5 + this.#random.next())
  }

  attach(peer: WirePeer): void {
    if (this.#nodes.has(peer.name)) throw new Error(`a node named ${peer.name} is running in this network`)
    this.#nodes.set(peer.name, peer)
  }

  detach(peer: WirePeer): void {
    this.#nodes.delete(peer.name)
    for (const link of this.#links.values()) {
      if (!link.ends.includes(peer.nodeId)) continue
      if (this.#reaches(...link.ends)) this.#close(link)
      else this.clock.schedule(this.#init.lossDetectMs, () => this.#close(link))
    }
  }

  dial(from: WirePeer, address: string): void {
    const [name, expectedId] = partsOf(address)
    const to = this.#nodes.get(name)
    if (to === undefined || to === from || (expectedId !== undefined && expectedId !== to.nodeId)) return
    if (from.holds(to.nodeId)) return
    this.#later(from.nodeId, to.nodeId, () => {
      if (!this.#running(from) || !this.#running(to) || !this.#reaches(from.nodeId, to.nodeId)) return
      this.#connect(from, to)
    })
  }

  broadcast(link: Link, from: NodeId, to: NodeId, broadcast: Broadcast): boolean {
    const faults = this.#faultsOf(from, to)
    const direction = `${from}>${to}`
    const underWay = this.#underWay.get(direction) ?? 0
    if (underWay >= this.#init.linkQueueMax) return false
    if (this.#topicsBlocked || this.#random.next() < faults.lossRatio) return true
    const copies = this.#random.next() < faults.duplicateRatio ? 2 : 1
    this.#underWay.set(direction, underWay + copies)
    for (let copy = 0; copy < copies; copy++) {
      this.#later(from, to, () => {
        this.#underWay.set(direction, (this.#underWay.get(direction) ?? 1) - 1)
        if (this.#carries(link)) this.#node(to)?.receive(broadcast, from)
      })
    }
    return true
  }

  request(link: Link, from: NodeId, to: NodeId, question: Question): void {
    const lossRatio = this.#faultsOf(from, to).requestLossRatio
    if (this.#random.next() < lossRatio) return
    this.#later(from, to, () => {
      const peer = this.#node(to)
      if (peer === undefined || !this.#carries(link)) return
      void peer.answer(question.protocol, question.body, from).then((answer) => {
        if (!this.#carries(link) || this.#random.next() < lossRatio) return
        this.#later(to, from, () => {
          if (this.#carries(link)) question.onAnswer(answer)
        })
      })
    })
  }

  #connect(from: WirePeer, to: WirePeer): void {
    const pair = pairOf(from.nodeId, to.nodeId)
    const old = this.#links.get(pair)
    if (old !== undefined) {
      if (from.holds(to.nodeId) || !old.established) return
      // The dialler has forgotten this link, so it is a new process: its old connection is dead, noticed or not.
      this.#close(old)
    }
    const link: Link = { ends: [from.nodeId, to.nodeId], open: true, established: false }
    this.#links.set(pair, link)
    to.linkOpened(from.nodeId, link)
    this.#later(to.nodeId, from.nodeId, () => {
      if (!link.open || !this.#running(from)) return
      link.established = true
      from.linkOpened(to.nodeId, link)
    })
  }

  #later(from: NodeId, to: NodeId, deliver: () => void): void {
    this.clock.schedule(drawDelayMs(this.#faultsOf(from, to), this.#random), deliver)
  }

  #noticeCutsLater(): void {
    this.clock.schedule(this.#init.lossDetectMs, () => {
      for (const link of this.#links.values()) if (!this.#reaches(...link.ends)) this.#close(link)
    })
  }

  /** Both ends hear of it after one delay each; an end that stopped hears nothing. */
  #close(link: Link): void {
    if (!link.open) return
    const [a, b] = link.ends
    link.open = false
    this.#links.delete(pairOf(a, b))
    this.#later(a, b, () => this.#node(b)?.linkClosed(a, link))
    this.#later(b, a, () => this.#node(a)?.linkClosed(b, link))
  }

  #faultsOf(a: NodeId, b: NodeId): LinkFaults {
    return this.#linkFaults.get(pairOf(a, b)) ?? this.#faults
  }

  #carries(link: Link): boolean {
    return link.open && this.#reaches(...link.ends)
  }

  #reaches(a: NodeId, b: NodeId): boolean {
    if (this.#cuts.has(pairOf(a, b))) return false
    return this.#groupOf(a) === this.#groupOf(b)
  }

  #groupOf(node: NodeId): number {
    return this.#groups.findIndex((group) => group.has(node))
  }

  #running(peer: WirePeer): boolean {
    return this.#nodes.get(peer.name) === peer
  }

  #node(id: NodeId): WirePeer | undefined {
    for (const peer of this.#nodes.values()) if (peer.nodeId === id) return peer
    return undefined
  }
}

const pairOf = (a: NodeId, b: NodeId): string => (a < b ? `${a}+${b}` : `${b}+${a}`)

const partsOf = (address: string): [name: string, id: string | undefined] => {
  const [, name, id] = /^\/memory\/([^/]+)(?:\/p2p\/([^/]+))?$/.exec(address) ?? []
  if (name === undefined) throw new Error(`${address} is no address of a memory mesh (/memory/<name>)`)
  return [name, id]
}
