/**
 * Bloom filters (F2): this node's own, over the words and ids of the active entities it attends, and those of its peers,
 * fetched when their version changes.
 *
 * No false negative at any moment: a word is added at once on activation, also to the filter that is being rebuilt; words
 * that went stay until the next rebuild.
 */
import type { Clock, Log, Mesh, Metrics } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import {
  buildFilter,
  createHasher,
  decodeFilter,
  FILTER_BYTES_MAX,
  type Filter,
  type Hasher,
} from '@rollcall/search/bloom'
import { BoundedMap } from './bounded-map.ts'

/** Rebuilds a filter off the main thread. */
export interface FilterBuilder {
  /** The encoded filter over `words`. Reads them in slices with a pause between. */
  rebuild(words: Iterable<string>): Promise<Uint8Array>
}

export interface FiltersInit {
  readonly mesh: Mesh
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly builder: FilterBuilder
  readonly falsePositiveRate: number
  readonly words: () => Iterable<string>
}

/** Which filter of a node: versions count from one in each run, so that a number alone may mean an older run's filter. */
export interface FilterVersion {
  readonly run: number
  readonly version: number
}

const TIMEOUT_MS = 10_000
const PEERS_MAX = 1_024

export class Filters {
  readonly #init: FiltersInit
  readonly #hasher: Hasher
  readonly #peers = new BoundedMap<NodeId, FilterVersion & { readonly filter: Filter }>(PEERS_MAX)
  readonly #fetching = new Set<NodeId>()
  #own: Filter
  #version = 1
  /** Words added since a rebuild began; undefined while none runs. */
  #added: string[] | undefined
  #stopped = false

  private constructor(init: FiltersInit, hasher: Hasher) {
    this.#init = init
    this.#hasher = hasher
    this.#own = buildFilter(hasher, [], init.falsePositiveRate)
  }

  static async create(init: FiltersInit): Promise<Filters> {
    return new Filters(init, await createHasher())
  }

  /** Nothing is rebuilt any more; a rebuild under way may fail. */
  stop(): void {
    this.#stopped = true
  }

  /** Version of this node's filter: changes with every word added and every rebuild. */
  get version(): number {
    return this.#version
  }

  get own(): Filter {
    return this.#own
  }

  /** The filter of a peer, where one was fetched. */
  of(peer: NodeId): Filter | undefined {
    return this.#peers.get(peer)?.filter
  }

  add(words: Iterable<string>): void {
    for (const word of words) {
      this.#own.add(word)
      this.#added?.push(word)
    }
    this.#version++
  }

  async rebuild(): Promise<void> {
    if (this.#added !== undefined) return
    const { builder, words, clock, metrics, log } = this.#init
    const startedMs = clock.monotonicMs()
    this.#added = []
    try {
      const decoded = decodeFilter(this.#hasher, await builder.rebuild(words()))
      if (!decoded.ok) throw new Error(`the filter that was built cannot be read: ${decoded.problem}`)
      for (const word of this.#added) decoded.filter.add(word)
      this.#own = decoded.filter
      this.#version++
      metrics.observe('bloom_rebuild_seconds', (clock.monotonicMs() - startedMs) / 1000)
      metrics.gauge('bloom_fill_ratio', this.#own.fillRatio())
    } catch (error) {
      // A node that stops takes the builder away, whatever it is at.
      if (!this.#stopped) log.error('the filter could not be rebuilt; the old one stays', { error })
    } finally {
      this.#added = undefined
    }
  }

  /** Fetches the filter of a peer that says it has this version, unless that is held. */
  async learn(peer: NodeId, { run, version }: FilterVersion): Promise<void> {
    const held = this.#peers.get(peer)
    if ((held?.run === run && held.version === version) || this.#fetching.has(peer)) return
    const { mesh, log } = this.#init
    this.#fetching.add(peer)
    try {
      const bytes = await mesh.request(peer, '/rollcall/filter/1', new Uint8Array(), {
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: FILTER_BYTES_MAX,
      })
      const decoded = decodeFilter(this.#hasher, bytes)
      if (decoded.ok) this.#peers.set(peer, { run, version, filter: decoded.filter })
      else log.warn('a peer sent a filter that cannot be read', { peer, problem: decoded.problem })
    } catch (error) {
      log.debug('a peer did not send its filter', { peer, error })
    } finally {
      this.#fetching.delete(peer)
    }
  }
}
