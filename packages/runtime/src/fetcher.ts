/**
 * Asks peers for one entity (L7): before this node answers that it does not know it, and when a peer speaks of one whose
 * record is not held here.
 */
import type { Clock, Log, Mesh, RegistryInput, RegistryState } from '@rollcall/core'
import {
  decodeDelta,
  decodeWith,
  type EntityId,
  encode,
  encodeDelta,
  type JsonObject,
  LIMITS,
  type NodeId,
  parseEntryId,
  parseJsonObject,
} from '@rollcall/protocol'
import type { Evidence } from './evidence.ts'
import type { Lines } from './inbox.ts'

/** What the attendant of an entity knows that does not replicate. */
export interface FreshBeat {
  readonly timeMs: number
  readonly health: JsonObject | undefined
}

const QUESTIONS = ['entry', 'beat'] as const
type Question = (typeof QUESTIONS)[number]

const QUESTION_BYTES_MAX = 128
const BEAT_BYTES_MAX: number = LIMITS.healthBytesMax + 64

export interface FetcherInit {
  readonly state: RegistryState
  readonly mesh: Mesh
  readonly clock: Clock
  readonly log: Log
  readonly evidence: Evidence
  readonly submit: (event: RegistryInput) => boolean
  readonly settled: (lines: Lines) => Promise<void>
  readonly askTimeoutMs: number
  /** The longest wait for what was fetched to be taken in: a disk that refuses holds it up without end. */
  readonly answerTimeoutMs: number
}

/** Entities asked for at one time; one more is left to the next sync. */
const ASKING_MAX = 256

export class Fetcher {
  readonly #init: FetcherInit
  readonly #asking = new Map<EntityId, Promise<void>>()

  constructor(init: FetcherInit) {
    this.#init = init
  }

  /** Asks `peers` (all connected ones if not given) and takes in what they hold. Resolves when all answered or timed out. */
  fetch(id: EntityId, peers: readonly NodeId[] = this.#init.mesh.connectedPeers()): Promise<void> {
    const asking = this.#asking.get(id)
    if (asking !== undefined) return asking
    if (peers.length === 0 || this.#asking.size >= ASKING_MAX) return Promise.resolve()
    const all = Promise.all(peers.map((peer) => this.#ask(id, peer)))
      .then((submitted) => (submitted.some(Boolean) ? this.#takenIn() : undefined))
      .finally(() => this.#asking.delete(id))
    this.#asking.set(id, all)
    return all
  }

  /** The newest beat that `attendant` accepted of an entity; undefined where it does not answer in time. */
  async freshBeat(id: EntityId, attendant: NodeId): Promise<FreshBeat | undefined> {
    try {
      const answer = await this.#request('beat', id, attendant, BEAT_BYTES_MAX)
      const beat = decodeWith('beat', answer, BEAT_BYTES_MAX, (reader) => ({
        timeMs: reader.uint('time'),
        health: reader.optional(() => reader.parsed('health', LIMITS.healthBytesMax, parseJsonObject)),
      }))
      return beat.ok ? beat.value : undefined
    } catch (error) {
      this.#init.log.debug('an attendant did not tell the newest beat', { attendant, id, error })
      return undefined
    }
  }

  /** Answers a peer: the entry, or the newest beat accepted here; nothing where there is none. */
  answer(body: Uint8Array): Uint8Array {
    const request = decodeWith('question', body, QUESTION_BYTES_MAX, (reader) => ({
      question: reader.oneOf('question', QUESTIONS),
      id: reader.parsed('id', 64, parseEntryId),
    }))
    if (!request.ok) throw new Error(request.message)
    const holding = this.#init.state.holdings.get(request.value.id)
    if (holding === undefined) return new Uint8Array()
    if (request.value.question === 'entry') return encodeDelta(holding.entry)
    const { beat } = holding
    if (beat === undefined) return new Uint8Array()
    return encode([beat.beat.timeMs, beat.health === undefined ? null : JSON.stringify(beat.health)])
  }

  #request(question: Question, id: EntityId, peer: NodeId, maxResponseBytes: number): Promise<Uint8Array> {
    const { mesh, askTimeoutMs } = this.#init
    const body = encode([question, id])
    return mesh.request(peer, '/rollcall/entity/1', body, { timeoutMs: askTimeoutMs, maxResponseBytes })
  }

  #takenIn(): Promise<void> {
    const { clock, settled, answerTimeoutMs } = this.#init
    return new Promise((resolve) => {
      const cancel = clock.schedule(answerTimeoutMs, resolve)
      void settled('door').then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Resolves with whether an answer went into the inbox. */
  async #ask(id: EntityId, peer: NodeId): Promise<boolean> {
    const { log, evidence, submit } = this.#init
    try {
      const answer = await this.#request('entry', id, peer, LIMITS.recordBytesMax + LIMITS.presenceBytesMax + 1024)
      if (answer.length === 0) return false
      const delta = decodeDelta(answer)
      if (!delta.ok || delta.value.id !== id) {
        log.warn('a peer answered something else', { peer, id })
        return false
      }
      if ((await evidence.judge(delta.value)) !== 'good') {
        log.warn('a peer sent an entry without evidence', { peer, id })
        return false
      }
      return submit({ type: 'deltas', deltas: [delta.value], from: peer, source: 'fetch' })
    } catch (error) {
      log.debug('a peer did not answer for an entity', { peer, id, error })
      return false
    }
  }
}
