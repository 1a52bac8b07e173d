/** Entries put together by hand, with any stamps: what peers might send. Merging looks at no word, so most are unsigned. */
import {
  type Act,
  type Beat,
  type Cause,
  compareStamps,
  type EntityRecord,
  type Entry,
  encodePresence,
  makeRecord,
  makeTombstone,
  type NodeId,
  type SignedPresence,
  type Stamp,
  type Status,
  signWords,
  type Tombstone,
} from '@rollcall/protocol'
import { registration, zyndDeregister } from './acts.ts'
import { zyndBeat } from './beats.ts'
import type { NodeKey, Owner } from './keys.ts'

export const stampOf = (wallMs: number, node: NodeId, counter = 0): Stamp => ({ wallMs, counter, node })

const once = <T>(made: Map<string, T>, key: string, make: () => T): T => {
  const known = made.get(key)
  if (known !== undefined) return known
  const value = make()
  made.set(key, value)
  return value
}

const registrations = new Map<string, Act>()
const beats = new Map<string, Beat>()

export interface RecordSaid {
  readonly birth: Stamp
  readonly stamp?: Stamp
  readonly name?: string
  readonly nameClaim?: Stamp
  readonly issuedAtMs?: number
}

export const recordOf = (owner: Owner, said: RecordSaid): EntityRecord => {
  const { birth, stamp = birth, name = 'an agent', nameClaim = birth, issuedAtMs = 1 } = said
  const act = once(registrations, `${owner.id} ${name}`, () => registration(owner, 1, { name }))
  const record = makeRecord({
    id: owner.id,
    publicKey: owner.signer.publicKey,
    birth,
    stamp,
    issuedAtMs,
    nameClaim,
    acts: [act],
  })
  if (!record.ok) throw new Error(record.message)
  return record.value
}

export interface PresenceSaid {
  readonly birth: Stamp
  readonly status?: Status
  readonly beatMs: number
  /** Its attendant is the node of this stamp. */
  readonly stamp: Stamp
  readonly cause?: Cause
}

export const presenceOf = (owner: Owner, said: PresenceSaid): SignedPresence => {
  const { birth, beatMs, stamp, status = 'active' } = said
  const cause = said.cause ?? (status === 'active' ? 'session' : 'silence')
  const beat = once(beats, `${owner.id} ${beatMs}`, () => zyndBeat(owner, beatMs))
  const fields = { birth, status, beat, attendant: stamp.node, cause, stamp }
  return {
    ...fields,
    bytes: encodePresence(fields),
    word: { bytes: new Uint8Array(64), sides: 0 },
  }
}

/** The same with the word of its attendant, as it would come from a peer. */
export const signedPresenceOf = (owner: Owner, attendant: NodeKey, said: PresenceSaid): SignedPresence => {
  const presence = presenceOf(owner, said)
  const [word] = signWords([{ id: owner.id, bytes: presence.bytes }], (message) => attendant.signer.sign(message))
  if (word === undefined) throw new Error('one presence has one word')
  return { ...presence, word }
}

/** `salt` makes tombstones of one stamp differ in their bytes. */
export const tombstoneOf = (owner: Owner, stamp: Stamp, salt = 1): Tombstone => {
  const { id, signer } = owner
  const fields = { id, publicKey: signer.publicKey, stamp, issuedAtMs: salt, act: zyndDeregister(owner) }
  const tombstone = makeTombstone({ ...fields, proof: undefined })
  if (!tombstone.ok) throw new Error(tombstone.message)
  return tombstone.value
}

export const recordEntry = (record: EntityRecord, presence?: SignedPresence): Entry => ({
  kind: 'record',
  id: record.id,
  record,
  presence: presence !== undefined && compareStamps(presence.birth, record.birth) === 0 ? presence : undefined,
})

export const tombstoneEntry = (tombstone: Tombstone): Entry => ({ kind: 'tombstone', id: tombstone.id, tombstone })

export const graveEntry = (owner: Owner, stamp: Stamp): Entry => ({
  kind: 'grave',
  id: owner.id,
  grave: { id: owner.id, stamp },
})
