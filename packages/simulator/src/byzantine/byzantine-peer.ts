/**
 * A member of the mesh with a key of its own that lies whenever it can. It answers syncs as if it held the same as whoever
 * asks, so that nodes complete them and trust it no less than one another.
 */
import type { MeshHandlers } from '@rollcall/core'
import { deltaLayout, encode, encodeStamp, type NodeId, nodeIdOf, type Signer } from '@rollcall/protocol'
import type { MemoryMesh, SeededRandom } from '@rollcall/testkit'
import { pick, waitMs } from '../chance.ts'
import type { Handed } from '../ledger.ts'
import { handIn } from '../workload/hand-in.ts'
import type { World } from '../world.ts'
import { ALL_LIES, type Lie, type LieKind } from './lies.ts'
import { Lore } from './lore.ts'

const SKIP = 0
const REQUEST = { timeoutMs: 5_000, maxResponseBytes: 1_000_000 }

export class ByzantinePeer {
  readonly name: string
  readonly id: NodeId
  readonly #world: World
  readonly #signer: Signer
  readonly #random: SeededRandom
  readonly #lies: readonly LieKind[]
  readonly #lore = new Lore()
  readonly #mesh: MemoryMesh
  #number = 0
  #isOver = false

  constructor(world: World, index: number, lies: readonly LieKind[]) {
    this.#world = world
    this.#lies = lies
    this.name = `x${index + 1}`
    this.#signer = world.keys.signer(`liar ${index}`)
    this.id = nodeIdOf(this.#signer.publicKey)
    this.#random = world.random.split(`liar ${index}`)
    const join = world.nodes.map((node) => `/memory/${node.name}`)
    this.#mesh = world.network.createMesh({ nodeId: this.id, name: this.name, join })
    world.trace.name(this.id, this.name)
  }

  begin(): void {
    void this.#mesh.start(this.#handlers())
    this.#next()
  }

  end(): void {
    this.#isOver = true
    void this.#mesh.stop()
  }

  /** Tells one lie now, if it knows enough for it. */
  lie(kind: LieKind): void {
    this.#lore.read(this.#world.network.sent)
    const { settings, network } = this.#world
    const lie = ALL_LIES[kind]({
      signer: this.#signer,
      lore: this.#lore,
      sent: network.sent,
      requests: this.#world.ledger.requests,
      nowMs: this.#world.nowMs(),
      random: this.#random,
      skewMs: settings.skewMs,
      trueMs: this.#world.trueMs(),
      number: ++this.#number,
    })
    if (lie === undefined) return
    this.#world.tally.fault(`lie_${kind}`)
    this.#tell(kind, lie)
  }

  #next(): void {
    if (this.#lies.length === 0) return
    this.#world.after(waitMs(this.#random, this.#world.plan.faults.lieEveryMs), () => {
      if (this.#isOver) return
      this.lie(pick(this.#random, this.#lies))
      this.#next()
    })
  }

  #tell(kind: LieKind, lie: Lie): void {
    if (lie.way === 'request') return this.#handIn(lie.handed)
    const about = lie.way === 'raw' || lie.about === undefined ? '' : ` about ${this.#world.trace.of(lie.about)}`
    this.#world.trace.line('lie', this.name, `${kind}${about}`)
    if (lie.way === 'gossip') this.#mesh.publish(lie.topic, lie.bytes)
    else {
      const peers = this.#mesh.connectedPeers().filter((peer) => kind !== 'falseGrave' || this.#isOnGuard(peer, lie))
      if (peers.length === 0) return
      const peer = pick(this.#random, peers)
      const body = lie.way === 'raw' ? lie.body : encode(['deltas', lie.deltas.map(deltaLayout)])
      // Whether it was believed, the checkers see; what the peer answers is of no use to a liar.
      this.#mesh.request(peer, '/rollcall/sync/1', body, REQUEST).catch((error: unknown) => error)
    }
    if (lie.way !== 'raw' && lie.about !== undefined) {
      const { about: id } = lie
      this.#world.tell('lied', (watcher) => watcher.lied?.(id, kind))
    }
  }

  /** What the checkers see of it is what it changes; its outcome is nobody's. */
  #handIn({ id, act, atMs }: Handed): void {
    const world = this.#world
    const node = pick(this.#random, world.nodes)
    const ageMs = Math.round(world.nowMs() - atMs)
    world.trace.line(
      'lie',
      this.name,
      `oldRequest to ${node.name}: ${act.kind} of ${world.trace.of(id)}, ${ageMs} ms old`,
    )
    void handIn(node, id, act)
  }

  /**
   * Whether a node holds the victim and synced with this peer lately: then a bare grave proves nothing to it (T3). Who gets
   * no turns may read it after longer than the rule bears, when that sync is too long ago.
   */
  #isOnGuard(peer: NodeId, lie: Lie): boolean {
    const { nodes, settings } = this.#world
    const node = nodes.find(({ id }) => id === peer)
    if (node?.isHealthy !== true) return false
    const state = node.runtime?.inside.state
    const syncedMs = state?.members.get(this.id)?.syncedMs ?? -1
    const isHeld = lie.way === 'push' && lie.about !== undefined && state?.holdings.has(lie.about) === true
    return isHeld && syncedMs >= 0 && this.#world.trueMs() - syncedMs < settings.retentionMs - 3 * settings.skewMs
  }

  #handlers(): MeshHandlers {
    return {
      onMessage: () => Promise.resolve('accept'),
      onRequest: (protocol) => {
        if (protocol !== '/rollcall/sync/1') return Promise.resolve(this.#random.bytes(20))
        const stamp = { wallMs: Math.floor(this.#world.trueMs()), counter: 0, node: this.id }
        return Promise.resolve(encode(['hello', [[this.id, encodeStamp(stamp), 0]], [[null, SKIP]], null]))
      },
      onPeerConnected: () => undefined,
      onPeerDisconnected: () => undefined,
    }
  }
}
