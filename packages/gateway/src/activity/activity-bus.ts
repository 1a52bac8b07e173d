/**
 * What happens at this node besides transitions, for whoever watches the activity socket: searches, heartbeats, names that
 * were looked up, peers that come and go (zynd-wire.md §7). While nobody watches it costs nothing.
 *
 * Heartbeats are a sample: of thousands a second nobody sees more than some, and a reader would drown in all of them.
 */
import type { Clock, ClusterNodeView, EntityView, Metrics, Registry } from '@rollcall/core'
import { developerIdOfProof, type EntityId, type NodeId, type Status } from '@rollcall/protocol'
import { isoTime, registryId } from '../views/entity-view.ts'

export interface ActivityFrame {
  readonly type: string
  /** RFC 3339. */
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

type Listener = (frame: ActivityFrame) => void

const PEERS_READ_EVERY_MS = 1_000
const HEARTBEATS_PER_SECOND = 20
const QUERY_CHARS_MAX = 200

interface BusInit {
  readonly clock: Clock
  readonly registry: Registry
  readonly metrics: Metrics
}

export class ActivityBus {
  readonly #init: BusInit
  readonly #listeners = new Set<Listener>()
  #connected: ReadonlyMap<NodeId, ClusterNodeView> = new Map()
  #cancelTick: (() => void) | undefined
  #heartbeatsLeft = HEARTBEATS_PER_SECOND

  constructor(init: BusInit) {
    this.#init = init
  }

  /** Hands over every frame from now on. The listener must not throw. Returns a function that ends it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) {
      this.#connected = this.#connectedPeers()
      this.#schedule()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#cancelTick?.()
      this.#cancelTick = undefined
    }
  }

  searched({
    query,
    found,
    latencyMs,
  }: {
    readonly query: string
    readonly found: number
    readonly latencyMs: number
  }): void {
    const data = {
      query: query.slice(0, QUERY_CHARS_MAX),
      result_count: found,
      latency_ms: latencyMs,
      direction: 'outgoing',
    }
    this.#publish('search_outgoing', () => data)
  }

  nameResolved({ id, fqan, record }: EntityView): void {
    const proof = record.profile.developerProof
    const developer_id = proof === undefined ? undefined : developerIdOfProof(proof)
    this.#publish('name_resolved', () => ({ fqan, developer_id, entity_id: id, action: 'resolved' }))
  }

  /** A heartbeat that counted. */
  heartbeat(id: EntityId, status: Status): void {
    if (this.#listeners.size === 0) return
    if (this.#heartbeatsLeft === 0) {
      this.#init.metrics.count('dropped_total', { queue: 'activity', reason: 'sampled' })
      return
    }
    this.#heartbeatsLeft--
    this.#publish('entity_heartbeat', () => ({ entity_id: id, status }))
  }

  #publish(type: string, data: () => ActivityFrame['data']): void {
    if (this.#listeners.size === 0) return
    const frame = { type, timestamp: isoTime(this.#init.clock.wallMs()), data: data() }
    for (const listener of this.#listeners) listener(frame)
  }

  #schedule(): void {
    this.#cancelTick = this.#init.clock.schedule(PEERS_READ_EVERY_MS, () => {
      this.#heartbeatsLeft = HEARTBEATS_PER_SECOND
      this.#comparePeers()
      this.#schedule()
    })
  }

  // Read, not told: who is connected is a fact that the registry shows, and a second late is early enough for a page.
  #comparePeers(): void {
    const before = this.#connected
    const now = this.#connectedPeers()
    this.#connected = now
    for (const [id, peer] of now) if (!before.has(id)) this.#publish('peer_connected', () => peerData(peer))
    for (const [id, peer] of before) if (!now.has(id)) this.#publish('peer_disconnected', () => peerData(peer))
  }

  #connectedPeers(): ReadonlyMap<NodeId, ClusterNodeView> {
    const { nodes } = this.#init.registry.cluster()
    return new Map(nodes.filter((node) => !node.self && node.connected).map((node) => [node.id, node]))
  }
}

const peerData = ({ id, name, url }: ClusterNodeView): ActivityFrame['data'] => ({
  registry_id: registryId(id),
  name,
  address: url,
})
