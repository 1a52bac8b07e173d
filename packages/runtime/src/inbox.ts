/**
 * What waits for a turn, in three lines: what came through the door, where somebody waits for the answer; what peers told;
 * and timers. Door and peers keep their own order, and each turn takes of both: ten thousand deaths that a peer announces
 * must not hold up the beats of those that live, nor the other way round. A timer waits for all that came before it, so that
 * nothing is taken for silent while its beat waits, here or among what peers told. All lines are bounded.
 */
import type { RegistryInput } from '@rollcall/core'

/** Of each line in one turn: they bound how long a step holds the event loop. */
const TURN_EVENTS_MAX = 256
const TURN_DELTAS_MAX = 32

/** What somebody waits for: door and peers, or one line alone. An entry that was fetched comes through the door. */
export type Lines = 'both' | 'door' | 'timers'

type Line = 'door' | 'peers' | 'timers'

/** How many events of each line went by up to some moment. */
type Count = Record<Line, number>

export class Inbox {
  readonly #max: number
  #door: RegistryInput[] = []
  #peers: RegistryInput[] = []
  #timers: { readonly event: RegistryInput; readonly after: Count }[] = []
  readonly #added: Count = { door: 0, peers: 0, timers: 0 }
  readonly #taken: Count = { door: 0, peers: 0, timers: 0 }
  readonly #done: Count = { door: 0, peers: 0, timers: 0 }
  /** Who waits until the events up to some moment are done. */
  #barriers: { readonly upTo: Count; readonly resolve: () => void }[] = []

  /** `max` events of each line. Peers' signs of life have as much room again behind the entries they sent. */
  constructor(max: number) {
    this.#max = max
  }

  get length(): number {
    return this.#door.length + this.#peers.length + this.#timers.length
  }

  /** False where its line is full. */
  add(event: RegistryInput): boolean {
    switch (lineOf(event)) {
      case 'timers':
        if (this.#timers.length >= this.#max) return false
        this.#timers.push({ event, after: { ...this.#added, timers: 0 } })
        this.#added.timers++
        return true
      case 'peers':
        // A disk that refuses holds up what peers send; that they live must still be heard.
        if (this.#peers.length >= (event.type === 'deltas' ? this.#max : 2 * this.#max)) return false
        this.#peers.push(event)
        this.#added.peers++
        return true
      case 'door':
        if (this.#door.length >= this.#max) return false
        this.#door.push(event)
        this.#added.door++
        return true
    }
  }

  /** The events of the next turn, which is over when `done` is told of them. */
  take(): RegistryInput[] {
    const peers = this.#peers.splice(0, inTurn(this.#peers))
    const door = this.#door.splice(0, inTurn(this.#door))
    this.#taken.peers += peers.length
    this.#taken.door += door.length
    return [...peers, ...door, ...this.#takeDueTimers()]
  }

  #takeDueTimers(): RegistryInput[] {
    const early = this.#timers.findIndex(({ after }) => !isReached(this.#taken, after))
    const due = early < 0 ? this.#timers.length : early
    return this.#timers.splice(0, Math.min(due, TURN_EVENTS_MAX)).map(({ event }) => event)
  }

  /** What was taken has been carried out. */
  done(events: readonly RegistryInput[]): void {
    for (const event of events) this.#done[lineOf(event)]++
    const isOver = ({ upTo }: { readonly upTo: Count }): boolean => isReached(this.#done, upTo)
    for (const { resolve } of this.#barriers.filter(isOver)) resolve()
    this.#barriers = this.#barriers.filter((barrier) => !isOver(barrier))
  }

  /** Resolves when everything added to these lines before this call has been carried out, whatever comes after it. */
  settled(lines: Lines): Promise<void> {
    const { door, peers, timers } = this.#added
    const upTo =
      lines === 'timers' ? { door: 0, peers: 0, timers } : { door, peers: lines === 'both' ? peers : 0, timers: 0 }
    if (isReached(this.#done, upTo)) return Promise.resolve()
    return new Promise((resolve) => this.#barriers.push({ upTo, resolve }))
  }

  /** Throws away what waits; returns how many events that were. */
  clear(): number {
    const { length } = this
    this.#door = []
    this.#peers = []
    this.#timers = []
    return length
  }
}

const isReached = (count: Count, upTo: Count): boolean =>
  count.door >= upTo.door && count.peers >= upTo.peers && count.timers >= upTo.timers

const lineOf = (event: RegistryInput): Line => {
  switch (event.type) {
    case 'deltas':
      return event.source === 'fetch' ? 'door' : 'peers'
    case 'heard':
    case 'status':
    case 'verdict':
    case 'synced':
      return 'peers'
    case 'tick':
    case 'sweep':
    case 'flush':
    case 'flush_beats':
      return 'timers'
    default:
      return 'door'
  }
}

/**
 * How many events of a line make its part of a turn. A turn tells each entity once. It therefore ends with a deregistration,
 * so that one is always told, whatever its owner does next.
 */
const inTurn = (line: readonly RegistryInput[]): number => {
  let deltas = 0
  for (const [i, event] of line.entries()) {
    if (event.type === 'deltas') deltas += event.deltas.length
    if (deltas > TURN_DELTAS_MAX && i > 0) return i
    if (event.type === 'deregister' || i === TURN_EVENTS_MAX - 1) return i + 1
  }
  return line.length
}
