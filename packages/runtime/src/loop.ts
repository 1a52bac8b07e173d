/**
 * One turn at a time: events wait in a bounded inbox, a synchronous step decides a batch of them, and its effects
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
import { Inbox, type Lines } from './inbox.ts'

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

const RETRY_MS = 1_000

export class Loop {
  readonly #init: LoopInit
  readonly #inbox: Inbox
  #running: Promise<void> | undefined
  #stopped = false
  /** Why the disk refuses, while it does. */
  failing: string | undefined
  /** Head of the audit chain as a power cut would leave it: what peers may be told to remember (A1). */
  durableAuditHead: AuditHead

  constructor(init: LoopInit) {
    this.#init = init
    this.#inbox = new Inbox(init.inboxMax)
    this.durableAuditHead = init.state.auditHead
  }

  /** Queues an event; false where the inbox is full (counted: the caller answers for it). */
  submit(event: RegistryInput): boolean {
    if (this.#stopped || !this.#inbox.add(event)) {
      this.#init.metrics.count('dropped_total', { queue: 'inbox', reason: this.#stopped ? 'stopped' : 'full' })
      return false
    }
    this.#running ??= this.#run()
    return true
  }

  get length(): number {
    return this.#inbox.length
  }

  /** Resolves when everything submitted to these lines before this call has been carried out, whatever comes after it. */
  settled(lines: Lines): Promise<void> {
    return this.#inbox.settled(lines)
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
      const events = this.#inbox.take()
      this.#init.metrics.gauge('queue_length', this.#inbox.length, { queue: 'inbox' })
      const effects = this.#decide(events)
      if (effects === undefined || !(await this.#persist(effects))) break
      this.#init.carryOut(effects)
      this.#inbox.done(events)
    }
    this.#running = undefined
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
      metrics.count('dropped_total', { queue: 'inbox', reason: 'step_failed' }, events.length + this.#inbox.clear())
      this.failing = 'a step failed'
      this.#stopped = true
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
