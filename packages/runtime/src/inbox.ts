/**
 * What waits for a turn, in two lines: what came through the door, and what peers told. Each keeps its order, and each turn
 * takes of both: ten thousand deaths that a peer announces must not hold up the beats of those that live, nor the other way
 * round. Both lines are bounded.
 */
import type { RegistryInput } from '@rollcall/core'

/** Most events of one turn, and most entries of peers among them: they bound how long a step holds the event loop. */
const TURN_EVENTS_MAX = 256
const TURN_DELTAS_MAX = 32

/** What somebody waits for: an entry that was fetched comes through the door. */
export type Lines = 'both' | 'door'

/** How many events of each line went by up to some moment. */
interface Count {
  door: number
  peers: number
}

export class Inbox {
  readonly #max: number
  #door: RegistryInput[] = []
  #peers: DeltasInput[] = []
  readonly #added: Count = { door: 0, peers: 0 }
  readonly #done: Count = { door: 0, peers: 0 }
  /** Who waits until the events up to some moment are done. */
  #barriers: { readonly upTo: Count; readonly resolve: () => void }[] = []

  /** `max` events of each line. Timers and peers' signs of life have as much room again beside what came through the door. */
  constructor(max: number) {
    this.#max = max
  }

  get length(): number {
    return this.#door.length + this.#peers.length
  }

  /** False where its line is full. */
  add(event: RegistryInput): boolean {
    if (isOfPeers(event)) {
      if (this.#peers.length >= this.#max) return false
      this.#peers.push(event)
      this.#added.peers++
      return true
    }
    // What timers and peers' signs of life bring is what empties the state: it has room beyond the rest. It is bounded too,
    // because a disk that refuses holds up all of it.
    if (this.#door.length >= (TIMERS.has(event.type) ? 2 * this.#max : this.#max)) return false
    this.#door.push(event)
    this.#added.door++
    return true
  }

  /** The events of the next turn, which is over when `done` is told of them. */
  take(): RegistryInput[] {
    return [...this.#peers.splice(0, peersInTurn(this.#peers)), ...this.#door.splice(0, doorInTurn(this.#door))]
  }

  /** What was taken has been carried out. */
  done(events: readonly RegistryInput[]): void {
    for (const event of events) this.#done[isOfPeers(event) ? 'peers' : 'door']++
    const isOver = ({ upTo }: { readonly upTo: Count }): boolean => this.#isDone(upTo)
    for (const { resolve } of this.#barriers.filter(isOver)) resolve()
    this.#barriers = this.#barriers.filter((barrier) => !isOver(barrier))
  }

  /** Resolves when everything added to these lines before this call has been carried out, whatever comes after it. */
  settled(lines: Lines): Promise<void> {
    const upTo = { door: this.#added.door, peers: lines === 'both' ? this.#added.peers : 0 }
    if (this.#isDone(upTo)) return Promise.resolve()
    return new Promise((resolve) => this.#barriers.push({ upTo, resolve }))
  }

  /** Throws away what waits; returns how many events that were. */
  clear(): number {
    const { length } = this
    this.#door = []
    this.#peers = []
    return length
  }

  #isDone({ door, peers }: Count): boolean {
    return this.#done.door >= door && this.#done.peers >= peers
  }
}

type DeltasInput = Extract<RegistryInput, { type: 'deltas' }>

/** An entry that was fetched is waited for at the door. */
const isOfPeers = (event: RegistryInput): event is DeltasInput => event.type === 'deltas' && event.source !== 'fetch'

const peersInTurn = (line: readonly DeltasInput[]): number => {
  let deltas = 0
  for (const [i, event] of line.entries()) {
    deltas += event.deltas.length
    if (deltas > TURN_DELTAS_MAX) return Math.max(1, i)
  }
  return line.length
}

/**
 * A turn tells each entity once. It therefore ends with a deregistration, so that one is always told, whatever its owner does
 * next.
 */
const doorInTurn = (line: readonly RegistryInput[]): number => {
  for (const [i, { type }] of line.entries()) if (type === 'deregister' || i === TURN_EVENTS_MAX - 1) return i + 1
  return line.length
}

const TIMERS: ReadonlySet<RegistryInput['type']> = new Set([
  'tick',
  'sweep',
  'flush',
  'flush_beats',
  'heard',
  'status',
  'verdict',
  'synced',
])
