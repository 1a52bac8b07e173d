/**
 * One line per event of a history: simulated seconds, who, what, details. The legend is in docs/reliability.md; kinds are
 * `TRACE_KINDS`. Equal seeds give equal bytes.
 */
export const TRACE_KINDS = {
  plan: 'what the seed drew for this history',
  up: 'a process serves (its store had so many entries)',
  down: 'a process ended: stop, crash (with so many unsynced batches lost), and why',
  fault: 'a fault begins (+) or ends (-)',
  pub: 'a node sends a message: topic, bytes, and the entries in it',
  msg: 'a message of a neighbour is judged: topic, from, verdict',
  ask: 'a request of a peer is answered: protocol, from, bytes of the answer',
  link: 'a connection to a peer opened (+) or closed (-)',
  act: 'an owner acts: register, update, deregister; the outcome',
  beat: 'a beat, and its one outcome',
  life: 'an agent begins or ends something: comes, goes silent, says goodbye, roams, doubles',
  lie: 'a liar does something: replay, forgery, false death',
  note: 'a transition on a node: kind, entity, from, to, reason',
  warn: 'a node logs a warning or an error',
  calm: 'the faults end; whatever was lost must now come right',
  check: 'what the checkers found in the calm',
} as const
export type TraceKind = keyof typeof TRACE_KINDS

export class Trace {
  readonly #sink: ((line: string) => void) | undefined
  readonly #nowMs: () => number
  readonly #names = new Map<string, string>()

  constructor(nowMs: () => number, sink?: (line: string) => void) {
    this.#nowMs = nowMs
    this.#sink = sink
  }

  /** Whether anybody reads: lines that cost something to make are made only then. */
  get isOn(): boolean {
    return this.#sink !== undefined
  }

  /** A short name for an id, used in every line from now on. */
  name(id: string, name: string): void {
    this.#names.set(id, name)
  }

  of(id: string): string {
    return this.#names.get(id) ?? id
  }

  line(kind: TraceKind, who: string, what: string): void {
    if (this.#sink === undefined) return
    const seconds = (this.#nowMs() / 1000).toFixed(3).padStart(10)
    this.#sink(`${seconds} ${who.padEnd(4)} ${kind.padEnd(5)} ${what}`)
  }
}
