/**
 * One welcomed connection: which entities the node serves, which beats wait for their answer, and what is due next. It
 * decides whom to name and who beats; the words themselves are the machine's, through its voice.
 */
import { type EntityId, ERRORS } from '@rollcall/protocol'
import type { Now } from './states.ts'

/** Most entities one hello names: so many ids of the longer kind, and more, fit the 4 KiB that a frame may have. */
export const HELLO_ENTITIES_MAX = 64
/** A connection that lasted this long, with a beat accepted, ends a row of failures. */
const STABLE_MS = 10_000

/**
 * How long an answer to a beat may take: one interval, but not under 2 s, where a busy node would lose its clients, and
 * not over 10 s, which leaves time for several other nodes before a default threshold passes.
 */
export const answerTimeoutMs = (intervalMs: number): number => Math.min(10_000, Math.max(2_000, intervalMs))

export interface Voice {
  hello(ids: readonly EntityId[]): void
  /** Sends a beat, and answers with its time. */
  beat(id: EntityId): number
}

export interface ConversationInit {
  readonly intervalMs: number
  readonly now: Now
  /** Entities that the first hello had no room for. */
  readonly unnamed: readonly EntityId[]
  /** Entities that the node did not take. */
  readonly refused: Iterable<EntityId>
}

/** A beat that waits for its answer: the oldest one of its entity. */
interface Unanswered {
  readonly beatMs: number
  readonly deadlineMs: number
}

export class Conversation {
  readonly #intervalMs: number
  readonly #sinceMs: number
  #nextBeatMs: number
  readonly #unanswered = new Map<EntityId, Unanswered>()
  /** Entities the node does not serve: it did not take them at hello, or was not told of them yet. */
  readonly #outside: Set<EntityId>
  /** Those of them that the next hellos name; all of them again each round. */
  #unnamed: readonly EntityId[]
  /** Entities of a hello that is under way. */
  #asked = new Set<EntityId>()
  #wasAccepted = false
  /** What this round of beats met. */
  #accepted = 0
  #refused = 0

  constructor(init: ConversationInit) {
    this.#intervalMs = init.intervalMs
    this.#sinceMs = init.now.monotonicMs
    this.#nextBeatMs = init.now.monotonicMs
    this.#unnamed = init.unnamed
    this.#outside = new Set([...init.unnamed, ...init.refused])
  }

  /** Monotonic time at which a beat is due, or an answer overdue. */
  get wakeAtMs(): number {
    return Math.min(this.#nextBeatMs, ...[...this.#unanswered.values()].map(({ deadlineMs }) => deadlineMs))
  }

  /** Whether it was good for long enough that its end is no further failure in a row. */
  isStable(now: Now): boolean {
    return this.#wasAccepted && now.monotonicMs - this.#sinceMs >= STABLE_MS
  }

  /** Whether a beat has waited for its answer longer than an open socket excuses. */
  isSilent(now: Now): boolean {
    return [...this.#unanswered.values()].some(({ deadlineMs }) => deadlineMs <= now.monotonicMs)
  }

  /** Whether the node took no beat of the last round, for reasons of its own. */
  get isUseless(): boolean {
    return this.#refused > 0 && this.#accepted === 0
  }

  /** The first beats, and the hello for those that the first one had no room for. */
  begin(ids: readonly EntityId[], voice: Voice, now: Now): void {
    this.#round(ids, voice, now)
    this.#nameMore(voice)
  }

  /** The beats of one interval. Those that the node did not take are named again: they may be registered by now. */
  nextRound(ids: readonly EntityId[], voice: Voice, now: Now): void {
    this.#round(ids, voice, now)
    if (this.#asked.size > 0) return
    this.#unnamed = [...this.#outside]
    this.#nameMore(voice)
  }

  /** A later hello was welcomed: those of its entities that drew no refusal beat from now on. */
  welcomedAgain(voice: Voice, now: Now): void {
    for (const id of this.#asked) {
      this.#outside.delete(id)
      this.#beat(id, voice, now)
    }
    this.#nameMore(voice)
  }

  acknowledged(id: EntityId, beatMs: number): void {
    const oldest = this.#unanswered.get(id)
    if (oldest !== undefined && beatMs >= oldest.beatMs) this.#unanswered.delete(id)
    this.#wasAccepted = true
    this.#accepted++
  }

  /** A beat, or the naming of an entity, was refused. A refusal is an answer. */
  refused(id: EntityId, code: string): void {
    this.#unanswered.delete(id)
    this.#asked.delete(id)
    if (isRetryable(code)) this.#refused++
  }

  /** An error named no entity: it may have been the hello under way, which is said again next round. */
  refusedHello(): void {
    this.#asked.clear()
  }

  /** The session no longer beats for this entity. */
  forget(id: EntityId): void {
    this.#outside.delete(id)
    this.#unanswered.delete(id)
    this.#asked.delete(id)
    this.#unnamed = this.#unnamed.filter((other) => other !== id)
  }

  /** Gives the answers that are waited for this much more time. */
  excuse(byMs: number): void {
    for (const [id, beat] of this.#unanswered) {
      this.#unanswered.set(id, { ...beat, deadlineMs: beat.deadlineMs + byMs })
    }
  }

  #round(ids: readonly EntityId[], voice: Voice, now: Now): void {
    for (const id of ids) if (!this.#outside.has(id)) this.#beat(id, voice, now)
    this.#nextBeatMs = now.monotonicMs + this.#intervalMs
    this.#accepted = 0
    this.#refused = 0
  }

  /** The next hello, of as many as fit; its welcome brings the one after. */
  #nameMore(voice: Voice): void {
    this.#asked = new Set(this.#unnamed.slice(0, HELLO_ENTITIES_MAX))
    this.#unnamed = this.#unnamed.slice(HELLO_ENTITIES_MAX)
    if (this.#asked.size > 0) voice.hello([...this.#asked])
  }

  #beat(id: EntityId, voice: Voice, now: Now): void {
    const beatMs = voice.beat(id)
    if (this.#unanswered.has(id)) return
    this.#unanswered.set(id, { beatMs, deadlineMs: now.monotonicMs + answerTimeoutMs(this.#intervalMs) })
  }
}

const isRetryable = (code: string): boolean =>
  Object.hasOwn(ERRORS, code) && ERRORS[code as keyof typeof ERRORS].retryable
