/** What a liar says. Each lie is made of what it knows and of its own key, never of a key of somebody else. */
import {
  type Act,
  actsOf,
  type Delta,
  developerProofBytes,
  type EntityId,
  encodePresence,
  encodeStatus,
  encodeTransitions,
  makeRecord,
  makeTombstone,
  nativeActBytes,
  nativePayload,
  nodeIdOf,
  type Presence,
  type SignedPresence,
  type Signer,
  type Stamp,
  type Status,
  sealEnvelope,
  signWords,
} from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick } from '../chance.ts'
import type { Handed } from '../ledger.ts'
import type { SentMessage } from '../network/sim-network.ts'
import type { Lore } from './lore.ts'
import { deltasOf } from './lore.ts'

/** Where a lie is told: to all in gossip, or to one node as entries of a sync. */
export type Lie =
  | {
      readonly way: 'gossip'
      readonly topic: SentMessage['topic']
      readonly bytes: Uint8Array
      readonly about?: EntityId
    }
  | { readonly way: 'push'; readonly deltas: readonly Delta[]; readonly about?: EntityId }
  | { readonly way: 'raw'; readonly body: Uint8Array }
  /** A request to a node, as anybody with its address may make one. */
  | { readonly way: 'request'; readonly handed: Handed }

export interface Liar {
  readonly signer: Signer
  readonly lore: Lore
  readonly sent: readonly SentMessage[]
  /** Requests of owners, oldest first, and the time now. */
  readonly requests: readonly Handed[]
  readonly nowMs: number
  readonly random: SeededRandom
  readonly skewMs: number
  readonly trueMs: number
  /** Number of its next message. */
  readonly number: number
}

const RUN = 1
const TRANSITIONS = 'rollcall/transitions/1'

const stampOf = ({ signer, trueMs, number }: Liar, aheadMs = 0): Stamp => ({
  wallMs: Math.floor(trueMs + aheadMs),
  counter: number % 65_536,
  node: nodeIdOf(signer.publicKey),
})

const say = (liar: Liar, deltas: readonly Delta[], aheadMs = 0): Lie => {
  const payload = encodeTransitions({ run: RUN, number: liar.number, stamp: stampOf(liar, aheadMs), deltas })
  const about = deltas[0]?.id
  const bytes = sealEnvelope('transitions', payload, liar.signer)
  return { way: 'gossip', topic: TRANSITIONS, bytes, ...(about === undefined ? {} : { about }) }
}

/** A presence with the liar as attendant and its own word. */
const ownPresence = (liar: Liar, id: EntityId, of: SignedPresence, status: Status, aheadMs = 0): SignedPresence => {
  const stamp = stampOf(liar, aheadMs)
  const cause = status === 'active' ? 'session' : 'silence'
  const fields = { birth: of.birth, status, beat: of.beat, attendant: stamp.node, cause, stamp } as const
  return signed(liar, id, { ...fields, bytes: encodePresence(fields) })
}

const signed = ({ signer }: Liar, id: EntityId, presence: Presence): SignedPresence => {
  const [word] = signWords([{ id, bytes: presence.bytes }], (message) => signer.sign(message))
  if (word === undefined) throw new Error('one presence has one word')
  return { ...presence, word }
}

const somebody = <T>({ random }: Liar, map: ReadonlyMap<EntityId, T>): readonly [EntityId, T] | undefined =>
  map.size === 0 ? undefined : pick(random, [...map])

const presenceLie = (
  liar: Liar,
  make: (id: EntityId, presence: SignedPresence) => SignedPresence,
  aheadMs = 0,
): Lie | undefined => {
  const victim = somebody(liar, liar.lore.presences)
  if (victim === undefined) return undefined
  const [id, presence] = victim
  return say(liar, [{ kind: 'presence', id, presence: make(id, presence) }], aheadMs)
}

const flipped = (random: SeededRandom, bytes: Uint8Array): Uint8Array => {
  const copy = bytes.slice()
  const at = random.below(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
  return copy
}

const someMessage = ({ sent, random }: Liar): SentMessage | undefined =>
  sent.length === 0 ? undefined : pick(random, sent)

/** A deregistration of an entity, signed by the liar instead of its owner. */
const forgedDeregistration = ({ signer, trueMs }: Liar, id: EntityId, by: Act['by']): Act => {
  const text = nativePayload({ body: { entity_id: id }, issuedAtMs: Math.floor(trueMs), nonce: 'forged' })
  return { kind: 'deregister', form: 'native', by, text, signature: signer.sign(nativeActBytes('deregister', text)) }
}

const tombstoneLie = (liar: Liar, by: Act['by']): Lie | undefined => {
  const victim = somebody(liar, liar.lore.records)
  if (victim === undefined) return undefined
  const [id, { publicKey }] = victim
  const entityIndex = 7
  const proof = {
    publicKey: liar.signer.publicKey,
    entityIndex,
    signature: liar.signer.sign(developerProofBytes(publicKey, entityIndex)),
  }
  const tombstone = makeTombstone({
    id,
    publicKey,
    stamp: stampOf(liar),
    issuedAtMs: Math.floor(liar.trueMs),
    act: forgedDeregistration(liar, id, by),
    proof: by === 'developer' ? proof : undefined,
  })
  return tombstone.ok ? say(liar, [{ kind: 'tombstone', id, tombstone: tombstone.value }]) : undefined
}

const graveLie = (liar: Liar): Lie | undefined => {
  const victim = somebody(liar, liar.lore.records)
  if (victim === undefined) return undefined
  const [id] = victim
  return { way: 'push', deltas: [{ kind: 'grave', id, grave: { id, stamp: stampOf(liar) } }], about: id }
}

/** Lies that the rules must withstand. */
export const LIES = {
  /** Any message ever sent, once more. */
  replay: (liar) => {
    const message = someMessage(liar)
    return message === undefined ? undefined : { way: 'gossip', topic: message.topic, bytes: message.bytes }
  },
  /** The entries of any message ever sent, as if a sync had found them. */
  replayInSync: (liar) => {
    const deltas = deltasOf(someMessage(liar)?.bytes ?? new Uint8Array())
    return deltas.length === 0 ? undefined : { way: 'push', deltas }
  },
  /**
   * An old request of an owner in the native form, to any node. Requests in Zynd's forms carry no time: replayed they are
   * new acts. One within the skew cannot be told from the owner's own second try on a node that has not heard of it.
   */
  oldRequest: ({ requests, random, nowMs, skewMs }) => {
    const old = requests.filter(({ act, atMs }) => act.form === 'native' && nowMs - atMs > 3 * skewMs)
    return old.length === 0 ? undefined : { way: 'request', handed: pick(random, old) }
  },
  /** A message with one bit changed. */
  tampered: (liar) => {
    const message = someMessage(liar)
    return message === undefined
      ? undefined
      : { way: 'gossip', topic: message.topic, bytes: flipped(liar.random, message.bytes) }
  },
  /** A message of its own from the future. */
  futureMessage: (liar) => say(liar, [], 3 * liar.skewMs),
  /** A presence of its own from the future. */
  futurePresence: (liar) => presenceLie(liar, (id, of) => ownPresence(liar, id, of, 'active', 3 * liar.skewMs)),
  /** Says that an entity another node attends fell silent, as if it had taken the beat itself. */
  falseDeath: (liar) => presenceLie(liar, (id, of) => ownPresence(liar, id, of, 'inactive')),
  /** The same in the name of the true attendant, with a word of its own. */
  forgedWord: (liar) =>
    presenceLie(liar, (id, of) => {
      const fields = {
        ...of,
        status: 'inactive',
        cause: 'silence',
        stamp: { ...of.stamp, wallMs: of.stamp.wallMs + 1 },
      } as const
      return signed(liar, id, { ...fields, bytes: encodePresence(fields) })
    }),
  /** Says that an entity lives, by a beat that somebody else took. */
  falseLife: (liar) => presenceLie(liar, (id, of) => ownPresence(liar, id, of, 'active')),
  /** A grave for whoever lives, told to a node that holds it and has synced with the liar lately. */
  falseGrave: (liar) => graveLie(liar),
  /** A tombstone whose act the liar signed. */
  falseTombstone: (liar) => tombstoneLie(liar, 'entity'),
  /** Bytes that are no message. */
  garbage: ({ random }) => ({ way: 'gossip', topic: TRANSITIONS, bytes: random.bytes(1 + random.below(300)) }),
  /** A message over every cap. */
  oversize: (liar) => ({
    way: 'gossip',
    topic: TRANSITIONS,
    bytes: sealEnvelope('transitions', new Uint8Array(70_000), liar.signer),
  }),
  /** A request that is no request. */
  badRequest: ({ random }) => ({ way: 'raw', body: random.bytes(1 + random.below(200)) }),
  /** A status with a digest of nothing, numbers far ahead, and verdicts on nodes that live. */
  falseStatus: (liar) => ({ way: 'gossip', topic: 'rollcall/status/1', bytes: statusOf(liar) }),
} as const satisfies Record<string, (liar: Liar) => Lie | undefined>

/**
 * Lies that the rules do not withstand yet (docs/reliability.md says why): told only where a scenario asks for them.
 */
export const OPEN_LIES = {
  /** The same, told to any node: also to one that has never synced with the liar, or does not hold the victim. */
  strangerGrave: (liar) => graveLie(liar),
  /** A tombstone by a developer whom the liar invented: believed by a node that does not hold the record. */
  foreignDeveloper: (liar) => tombstoneLie(liar, 'developer'),
  /** An old registration, truly signed, under a new birth. */
  restampedRegistration: (liar) => {
    const victim = somebody(liar, liar.lore.records)
    if (victim === undefined) return undefined
    const [id, record] = victim
    const stamp = stampOf(liar)
    const again = makeRecord({ ...record, birth: stamp, stamp, nameClaim: stamp, acts: actsOf(record) })
    return again.ok ? say(liar, [{ kind: 'record', id, record: again.value, presence: undefined }]) : undefined
  },
  /** An old deregistration, truly signed, under a new stamp. */
  restampedDeregistration: (liar) => {
    const victim = somebody(liar, liar.lore.tombstones)
    if (victim === undefined) return undefined
    const [id, old] = victim
    const tombstone = makeTombstone({ ...old, stamp: stampOf(liar) })
    return tombstone.ok ? say(liar, [{ kind: 'tombstone', id, tombstone: tombstone.value }]) : undefined
  },
} as const satisfies Record<string, (liar: Liar) => Lie | undefined>

export type LieKind = keyof typeof LIES | keyof typeof OPEN_LIES
export const ALL_LIES: Record<LieKind, (liar: Liar) => Lie | undefined> = { ...LIES, ...OPEN_LIES }

const statusOf = (liar: Liar): Uint8Array => {
  const { signer, random, lore, trueMs, number } = liar
  const nodes = [...new Set([...lore.presences.values()].map(({ attendant }) => attendant))]
  const status = encodeStatus({
    stamp: stampOf(liar),
    clockMs: Math.floor(trueMs),
    run: RUN,
    number: number + random.below(5_000),
    name: 'liar',
    url: '',
    mode: 'full',
    version: '0',
    ready: true,
    digest: random.bytes(16),
    counts: { active: 0, inactive: 0, tombstones: 0, graves: 0 },
    verdicts: nodes.map((node) => ({ node, lastStamp: { wallMs: Math.floor(trueMs), counter: 0, node } })),
    addresses: [],
    audit: { number: 0, hash: new Uint8Array(32) },
    filterVersion: random.below(1_000),
  })
  return sealEnvelope('status', status, signer)
}
