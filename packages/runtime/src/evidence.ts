/**
 * Checks the signatures behind what comes from outside, before it enters the inbox (I3, G3). Pure code says what must hold
 * (`SignatureCheck`); this asks the verifier.
 */
import { presenceOf, type RegistryState } from '@rollcall/core'
import {
  base64,
  beatCheck,
  type Delta,
  developerChecks,
  type EntityId,
  type EntityRecord,
  equalBeats,
  equalBytes,
  ok,
  type Result,
  recordChecks,
  type SignatureCheck,
  type SignedPresence,
  tombstoneChecks,
  type Verifier,
  wordCheck,
} from '@rollcall/protocol'
import { BoundedMap } from './bounded-map.ts'

/** good: every signature holds. bad: provably false. unknown: a presence whose record, and so whose key, is not held. */
export type Judgement = 'good' | 'bad' | 'unknown'

/** Words that presences of one message share; a message holds at most a few turns. */
const WORDS_CACHED_MAX = 1_024

export class Evidence {
  readonly #verifier: Verifier
  readonly #state: RegistryState
  readonly #words = new BoundedMap<string, Promise<boolean>>(WORDS_CACHED_MAX)

  constructor(verifier: Verifier, state: RegistryState) {
    this.#verifier = verifier
    this.#state = state
  }

  /** Whether one of the messages of a check is covered by its signature. */
  async holds({ publicKey, messages, signature }: SignatureCheck): Promise<boolean> {
    for (const message of messages) {
      if (await this.#verifier.verify(publicKey, message, signature)) return true
    }
    return false
  }

  async allHold(checks: Result<readonly SignatureCheck[]>): Promise<boolean> {
    if (!checks.ok) return false
    const answers = await Promise.all(checks.value.map((check) => this.holds(check)))
    return answers.every(Boolean)
  }

  /** Judges an entry of a peer. What is held already, byte for byte, was verified before. */
  async judge(delta: Delta): Promise<Judgement> {
    const held = this.#state.holdings.get(delta.id)?.entry
    switch (delta.kind) {
      case 'grave':
        // A grave bears no signature; whether its sender is believed, the step decides (T3).
        return 'good'
      case 'tombstone':
        return (await this.allHold(tombstoneChecks(delta.tombstone))) ? 'good' : 'bad'
      case 'presence':
        return held?.kind === 'record'
          ? this.#judgePresence(delta.presence, delta.id, held.record.publicKey)
          : 'unknown'
      case 'developer': {
        const known = held?.kind === 'developer' && equalBytes(held.developer.bytes, delta.developer.bytes)
        return known || (await this.allHold(developerChecks(delta.developer))) ? 'good' : 'bad'
      }
      case 'record': {
        const { record, presence } = delta
        const known = held?.kind === 'record' && equalBytes(held.record.bytes, record.bytes)
        if (!known && !(await this.allHold(checksBeyond(record, held?.kind === 'record' ? held.record : undefined)))) {
          return 'bad'
        }
        return presence === undefined ? 'good' : this.#judgePresence(presence, delta.id, record.publicKey)
      }
    }
  }

  async #judgePresence(presence: SignedPresence, id: EntityId, publicKey: Uint8Array): Promise<Judgement> {
    const held = this.#state.holdings.get(id)
    const known = held === undefined ? undefined : presenceOf(held.entry)
    if (known !== undefined && equalBytes(known.bytes, presence.bytes)) return 'good'
    const [beat, word] = await Promise.all([
      this.#sameBeat(known, presence) || this.holds(beatCheck(presence.beat, id, publicKey)),
      this.#wordHolds(presence, id),
    ])
    return beat && word ? 'good' : 'bad'
  }

  /** Silence after a beat that is held, or its attendance by another, proves nothing new of the beat. */
  #sameBeat(known: SignedPresence | undefined, presence: SignedPresence): boolean {
    return known !== undefined && equalBeats(known.beat, presence.beat)
  }

  /** A word covers all presences of one turn: its signature is verified once. */
  #wordHolds(presence: SignedPresence, id: EntityId): Promise<boolean> {
    const check = wordCheck(presence.word, id, presence.bytes, presence.attendant)
    const [root] = check.messages
    if (root === undefined) return Promise.resolve(false)
    const key = `${presence.attendant}${base64(root)}${base64(check.signature)}`
    const cached = this.#words.get(key)
    if (cached !== undefined) return cached
    const answer = this.holds(check)
    this.#words.set(key, answer)
    return answer
  }
}

/** The signatures that must hold for `record`, without those that `held` bears for the same words: they were verified with it. */
const checksBeyond = (record: EntityRecord, held: EntityRecord | undefined): Result<readonly SignatureCheck[]> => {
  const checks = recordChecks(record)
  if (!checks.ok || held === undefined) return checks
  const verified = recordChecks(held)
  if (!verified.ok) return checks
  return ok(checks.value.filter((check) => !verified.value.some((one) => isSame(one, check))))
}

const isSame = (one: SignatureCheck, other: SignatureCheck): boolean =>
  equalBytes(one.signature, other.signature) &&
  equalBytes(one.publicKey, other.publicKey) &&
  one.messages.length === other.messages.length &&
  one.messages.every((message, at) => equalBytes(message, other.messages[at] ?? NOTHING))

const NOTHING = new Uint8Array()
