/**
 * Transitions between nodes (G1–G4): batches, seals and numbers what this node announces; judges what others announce before
 * it is forwarded, and asks the origin for numbers that are missing.
 */
import type { Clock, Log, Mesh, MessageVerdict, Metrics, RegistryInput, RegistryState } from '@rollcall/core'
import {
  type Delta,
  decodeTransitions,
  type Envelope,
  encodeTransitions,
  envelopeCheck,
  LIMITS,
  type NodeId,
  openEnvelope,
  type Signer,
  sealEnvelope,
  type Transitions,
} from '@rollcall/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { EventLoopTurns } from './event-loop-turns.ts'
import type { Evidence, Judgement } from './evidence.ts'
import type { Numbering } from './numbering.ts'
import { Outbox } from './outbox.ts'

export interface GossipInit {
  readonly state: RegistryState
  readonly mesh: Mesh
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly signer: Signer
  readonly evidence: Evidence
  readonly eventLoop: EventLoopTurns
  readonly numbering: Numbering
  readonly batchWindowMs: number
  readonly bytesMax: number
  readonly submit: (event: RegistryInput) => boolean
  readonly fetch: (id: Delta['id'], from: NodeId) => void
}

/** Sealed messages kept for peers that missed some. */
const KEPT_MESSAGES_MAX = 512
/** Room in a message for run, number, stamp, origin and signature. */
const HEAD_BYTES = 512

export class Gossip {
  readonly #init: GossipInit
  readonly #outbox: Outbox
  readonly #sent = new BoundedMap<number, Uint8Array>(KEPT_MESSAGES_MAX)
  #cancelWindow: (() => void) | undefined
  /** Number of the last message sealed in this run. */
  number = 0
  /** Wall time of a stamp issued at start: above every run before, because stamps go on above what is stored. */
  readonly run: number

  constructor(init: GossipInit) {
    this.#init = init
    this.#outbox = new Outbox({ bytesMax: init.bytesMax - HEAD_BYTES, countMax: LIMITS.gossipEntriesMax })
    this.run = init.state.hybrid.issue(init.state.steady.at(init.clock.monotonicMs())).wallMs
  }

  /**
   * Announces transitions within the window; full messages at once, and then the rest has a window of its own. Where
   * `more` are due at once, the rest waits for them: thousands that fall silent together then fill their messages, however
   * slow the machine.
   */
  announce(deltas: readonly Delta[], { more }: { readonly more: boolean } = { more: false }): void {
    for (const delta of deltas) {
      this.#outbox.add(delta)
      if (!this.#outbox.isOverfull) continue
      this.#closeWindow()
      this.#send(this.#outbox.takeGroup())
    }
    if (more || this.#outbox.size === 0) return
    this.#cancelWindow ??= this.#init.clock.schedule(this.#init.batchWindowMs, () => {
      this.flush()
    })
  }

  /** Sends what waits, now. */
  flush(): void {
    this.#closeWindow()
    while (this.#outbox.size > 0) this.#send(this.#outbox.takeGroup())
  }

  #closeWindow(): void {
    this.#cancelWindow?.()
    this.#cancelWindow = undefined
  }

  #send(deltas: readonly Delta[]): void {
    const { state, clock, mesh, metrics, signer } = this.#init
    const stamp = state.hybrid.issue(state.steady.at(clock.monotonicMs()))
    this.number++
    const payload = encodeTransitions({ run: this.run, number: this.number, stamp, deltas })
    const message = sealEnvelope('transitions', payload, signer)
    this.#sent.set(this.number, message)
    mesh.publish('rollcall/transitions/1', message)
    metrics.count('gossip_messages_total', { direction: 'out', outcome: 'sent' })
  }

  /** Messages this node sealed in `run`, from number `from` to `to` or the first that is no longer kept. */
  *sealed(run: number, from: number, to: number): Generator<Uint8Array> {
    if (run !== this.run) return
    for (let number = from; number <= to; number++) {
      const message = this.#sent.get(number)
      if (message === undefined) return
      yield message
    }
  }

  /** Judges a message, and takes in what it says (G3). `reject` only for what is provably bad. */
  async receive(message: Uint8Array): Promise<MessageVerdict> {
    const verdict = await this.#judge(message)
    this.#init.metrics.count('gossip_messages_total', { direction: 'in', outcome: verdict })
    return verdict
  }

  async #judge(message: Uint8Array): Promise<MessageVerdict> {
    const { mesh, evidence, submit } = this.#init
    const envelope = openEnvelope(message)
    if (!envelope.ok || envelope.value.type !== 'transitions') return 'reject'
    if (envelope.value.origin === mesh.nodeId) return 'ignore'
    if (!(await evidence.holds(envelopeCheck(envelope.value)))) return 'reject'
    const transitions = decodeTransitions(envelope.value.payload)
    if (!transitions.ok || transitions.value.stamp.node !== envelope.value.origin) return 'reject'
    if (this.#isAhead(transitions.value)) return 'ignore'
    const { origin } = envelope.value
    submit({ type: 'heard', node: origin, stamp: transitions.value.stamp, ageMs: 0 })
    this.#init.numbering.arrived(origin, transitions.value.run, transitions.value.number)
    return this.#takeIn(envelope.value, transitions.value)
  }

  /** M4: an origin whose clock runs ahead is ignored, not punished. */
  #isAhead({ stamp }: Transitions): boolean {
    const { state, clock } = this.#init
    return stamp.wallMs > state.steady.at(clock.monotonicMs()) + state.settings.skewMs
  }

  async #takeIn({ origin }: Envelope, { deltas, stamp }: Transitions): Promise<MessageVerdict> {
    const { state, clock, metrics, evidence, eventLoop, submit, fetch, log } = this.#init
    const judgements: Judgement[] = []
    for (const slice of slices(deltas)) {
      // One entry is the news of one moment, and goes ahead.
      if (deltas.length > 1) await eventLoop.next()
      judgements.push(...(await Promise.all(slice.map((delta) => evidence.judge(delta)))))
    }
    const bad = judgements.indexOf('bad')
    if (bad >= 0) {
      log.warn('a gossip message holds an entry without valid evidence', { origin, id: deltas[bad]?.id })
      return 'reject'
    }
    deltas.forEach((delta, i) => {
      if (judgements[i] === 'unknown') fetch(delta.id, origin)
    })
    // Graves never travel in gossip: they bear no evidence, and nobody announces a purge.
    const good = deltas.filter((delta, i) => judgements[i] === 'good' && delta.kind !== 'grave')
    if (good.length === 0) return 'ignore'
    const ageMs = state.steady.at(clock.monotonicMs()) - stamp.wallMs
    metrics.observe('gossip_propagation_seconds', Math.max(0, ageMs) / 1000)
    const taken = slices(good).map((slice) => submit({ type: 'deltas', deltas: slice, from: origin, source: 'gossip' }))
    return taken.includes(true) ? 'accept' : 'ignore'
  }
}

/** A message may hold a hundred entries: judged and decided in one go, they would hold the event loop for too long. */
const SLICE = 16

const slices = (deltas: readonly Delta[]): Delta[][] =>
  Array.from({ length: Math.ceil(deltas.length / SLICE) }, (_, at) => deltas.slice(at * SLICE, (at + 1) * SLICE))
