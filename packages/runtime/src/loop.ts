/**
 * One door, one turn at a time: events wait in a bounded inbox, a synchronous step decides a batch of them, and its effects
 * are carried out in one order: persist, publish, reindex, observe, answer. The next step waits for it, so whatever was
 * published or answered is in the store.
 *
 * A step that throws is a fault of ours, and leaves a state that neither disk nor peers have. The loop then decides nothing
 * more: whoever is told ends the process, and a restart begins from the disk, which holds all that was acknowledged.
 *
 * When the disk refuses, the batch is tried again until it is taken: what the step decided is never rolled back and never
 * lost, and meanwhile the door turns new work away (`failing`).
 */
import {
  type AuditHead,
  type Clock,
  type Effects,
  type Log,
  type Metrics,
  type RegistryInput,
  type RegistryState,
  type Store,
  step,
} from '@rollcall/core'

export interface LoopInit {
  readonly state: RegistryState
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly inboxMax: number
  /** Carries out everything after persist, in order. Must not throw. */
  readonly carryOut: (effects: Effects) => void
  /** Told once, when a step threw: the process must end. */
  readonly onFault: (error: unknown) => void
}

/** Most events of one turn, and most entries of peers among them: they bound how long a step holds the event loop. */
const TURN_EVENTS_MAX = 256
const TURN_DELTAS_MAX = 32
const RETRY_MS = 1_000

export class Loop {
  readonly #init: LoopInit
  #inbox: RegistryInput[] = []
  #running: Promise<void> | undefined
  #stopped = false
  #submitted = 0
  #carriedOut = 0
  /** Who waits until the events up to a number are carried out, in ascending order. */
  readonly #barriers: { readonly upTo: number; readonly resolve: () => void }[] = []
  /** Why the disk refuses, while it does. */
  failing: string | undefined
  /** Head of the audit chain as a power cut would leave it: what peers may be told to remember (A1). */
  durableAuditHead: AuditHead

  constructor(init: LoopInit) {
    this.#init = init
    this.durableAuditHead = init.state.auditHead
  }

  /** Queues an event; false where the inbox is full (counted: the caller answers for it). */
  submit(event: RegistryInput): boolean {
    const { inboxMax, metrics } = this.#init
    // What timers and peers' signs of life bring has room beyond the rest: it is what empties the state. It is bounded
    // too, because a disk that refuses holds up all of it.
    const roomMax = TIMERS.has(event.type) ? 2 * inboxMax : inboxMax
    if (this.#stopped || this.#inbox.length >= roomMax) {
      metrics.count('dropped_total', { queue: 'inbox', reason: this.#stopped ? 'stopped' : 'full' })
      return false
    }
    this.#inbox.push(event)
    this.#submitted++
    this.#running ??= this.#run()
    return true
  }

  get length(): number {
    return this.#inbox.length
  }

  /** Resolves when everything submitted before this call has been carried out, whatever comes after it. */
  settled(): Promise<void> {
    if (this.#carriedOut >= this.#submitted) return Promise.resolve()
    return new Promise((resolve) => this.#barriers.push({ upTo: this.#submitted, resolve }))
  }

  /** Takes no more events, and resolves when those it has are carried out, or the disk still refuses. */
  async stop(): Promise<void> {
    this.#stopped = true
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // Whatever else arrives in this turn of the event loop shares the step, and its one disk write.
    await Promise.resolve()
    while (this.#inbox.length > 0) {
      const events = this.#inbox.splice(0, turnLength(this.#inbox))
      this.#init.metrics.gauge('queue_length', this.#inbox.length, { queue: 'inbox' })
      const effects = this.#decide(events)
      if (effects === undefined || !(await this.#persist(effects))) break
      this.#init.carryOut(effects)
      this.#passBarriers(events.length)
    }
    this.#running = undefined
  }

  #passBarriers(events: number): void {
    this.#carriedOut += events
    while ((this.#barriers[0]?.upTo ?? Number.POSITIVE_INFINITY) <= this.#carriedOut) this.#barriers.shift()?.resolve()
  }

  /** Undefined where the step threw: then nothing is decided any more. */
  #decide(events: readonly RegistryInput[]): Effects | undefined {
    const { state, clock, sign, log, metrics, onFault } = this.#init
    try {
      return step(state, events, { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), sign })
    } catch (error) {
      log.error('a step failed: this node decides nothing more, and must be started again from its disk', {
        error,
        events: events.map((event) => event.type),
      })
      metrics.count('dropped_total', { queue: 'inbox', reason: 'step_failed' }, events.length + this.#inbox.length)
      this.failing = 'a step failed'
      this.#stopped = true
      this.#inbox = []
      onFault(error)
      return undefined
    }
  }

  async #persist({ store: batch, durable }: Effects): Promise<boolean> {
    if (batch.length === 0) return true
    const { store, log } = this.#init
    for (;;) {
      try {
        await store.write(batch, { durable })
        // Batches keep their order on disk: a durable one makes every link before it durable too.
        if (durable) this.durableAuditHead = this.#init.state.auditHead
        if (this.failing !== undefined) log.info('the disk takes writes again')
        this.failing = undefined
        return true
      } catch (error) {
        if (this.failing === undefined)
          log.error('the disk refuses; retrying, and taking no writes meanwhile', { error })
        this.failing = error instanceof Error ? error.message : String(error)
        if (this.#stopped) return false
        await new Promise<void>((resolve) => this.#init.clock.schedule(RETRY_MS, resolve))
      }
    }
  }
}

/**
 * How many events of the inbox make a turn. A turn tells each entity once. It therefore ends with a deregistration, so that
 * one is always told, whatever its owner does next.
 */
const turnLength = (inbox: readonly RegistryInput[]): number => {
  let deltas = 0
  for (const [i, event] of inbox.entries()) {
    if (event.type === 'deltas') deltas += event.deltas.length
    if (deltas > TURN_DELTAS_MAX && i > 0) return i
    if (event.type === 'deregister' || i === TURN_EVENTS_MAX - 1) return i + 1
  }
  return inbox.length
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
