/**
 * What nodes store and send one another, field by field as SPEC.md lays it out: the layouts here are written by hand, so a
 * change of the code that changes a byte on the wire is noticed.
 */
import { encode, type Encodable as Layout } from '@rollcall/protocol'
import { nativeDevelopers, zyndDevelopers } from './developers.ts'
import {
  developerId,
  developerKey,
  entityId,
  entityKey,
  framed,
  fromHex,
  hex,
  join,
  nodeId,
  nodeKey,
  otherId,
  otherKey,
  otherNodeId,
  sha256,
  text,
  timeMs,
  u32,
} from './ground.ts'
import { nativeSignatures, zyndOthers, zyndRegistrations } from './signatures.ts'
import type { SignatureVector } from './signing.ts'

export interface WireVector {
  readonly name: string
  /** CBOR, in hexadecimal. */
  readonly bytes: string
  /** What a broken one is refused with. */
  readonly code?: string
}

const sound = (name: string, layout: Layout): WireVector => ({ name, bytes: hex(encode(layout)) })
const broken = (name: string, layout: Layout, code = 'malformed'): WireVector => ({ ...sound(name, layout), code })

const pick = (vectors: readonly SignatureVector[] | undefined, name: string): SignatureVector => {
  const found = vectors?.find((vector) => vector.name === name)
  if (found === undefined) throw new Error(`there is no vector ${name}`)
  return found
}
const stamp = (counter: number): readonly Layout[] => [timeMs, counter, nodeId]

// Acts.
const actOf = (kind: string, form: string, vector: SignatureVector): Layout[] => [
  kind,
  form,
  vector.by,
  vector.input,
  fromHex(vector.signature),
]
const { act: nativeActs, beat: nativeBeats } = nativeSignatures()
const { update_S2b: zyndUpdates, deregister_S3: zyndDeregistrations } = zyndOthers()
const registration = actOf('register', 'native', pick(nativeActs, 'register by the entity'))
const update = actOf('update', 'native', pick(nativeActs, 'update by the entity'))
const zyndRegistration = actOf(
  'register',
  'zynd',
  pick(zyndRegistrations(), 'with a developer proof, which the signature does not cover'),
)
const zyndUpdate = actOf('update', 'zynd', pick(zyndUpdates, 'by the developer'))
const deregistration = actOf('deregister', 'native', pick(nativeActs, 'deregister by the entity'))
// Zynd's deregistration has no body: the act keeps an empty text.
const zyndDeregistration = actOf('deregister', 'zynd', pick(zyndDeregistrations, 'by the developer')).with(3, '')

// What a developer says of itself, and of the name of an entity.
const developerAct = (kind: string): Layout[] => actOf(kind, 'native', pick(nativeDevelopers(), kind))
const zyndClaim = actOf('claim_handle', 'zynd', pick(zyndDevelopers().claim_handle_S9, 'the claim'))
const developer = (...acts: readonly Layout[]): Layout[] => [
  developerId,
  developerKey.publicKey,
  stamp(0),
  stamp(3),
  timeMs,
  stamp(0),
  acts,
]

const developers = (): WireVector[] => {
  const registered = developer(developerAct('register_developer'))
  const reserved = pick(nativeDevelopers('admin'), 'claim_handle')
  return [
    sound('native, registered with a handle', registered),
    sound('Zynd, begun with a claim', developer(zyndClaim)),
    sound(
      'native, updated and released',
      developer(developerAct('update_developer'), developerAct('release_handle')).with(5, null),
    ),
    broken('no acts', developer()),
    broken('a claim stamp beside no handle', developer(developerAct('update_developer'))),
    broken('a handle without its claim stamp', registered.with(5, null)),
    broken('claimed after the last write', registered.with(5, stamp(4))),
    broken('key of another', registered.with(1, otherKey.publicKey), 'id_mismatch'),
    broken('id of another', registered.with(0, `zns:dev:${otherId.slice('zns:'.length)}`), 'id_mismatch'),
    broken('act of an entity', developer(registration).with(5, null)),
    broken('a handle that is reserved', developer(actOf('claim_handle', 'native', reserved)), 'validation_failed'),
    broken('one field too few', registered.slice(0, 6)),
    broken('one field too many', [...registered, 1]),
  ]
}

// Records and tombstones.
const record = (...acts: readonly Layout[]): Layout[] => [
  entityId,
  entityKey.publicKey,
  stamp(0),
  stamp(3),
  timeMs,
  stamp(0),
  acts,
]
const proof: Layout = [developerKey.publicKey, 7, developerKey.sign(join(entityKey.publicKey, u32(7)))]
const tombstone = (act: Layout, developer: Layout = null): Layout[] => [
  entityId,
  entityKey.publicKey,
  stamp(4),
  timeMs,
  act,
  developer,
]

const records = (): WireVector[] => [
  sound('native, registered', record(registration)),
  sound('native, updated', record(registration, update)),
  sound('Zynd, with a developer who updated it', record(zyndRegistration, zyndUpdate)),
  sound('named by its developer', record(zyndRegistration, developerAct('bind_name')).toSpliced(6, 0, stamp(2))),
  broken('no acts', record()),
  broken('begins with an update', record(update)),
  broken('two registrations', record(registration, registration)),
  broken('registered by a developer', record(registration.with(2, 'developer'))),
  broken('registration that is no JSON', record(registration.with(3, '{'))),
  broken('key of another', record(registration).with(1, otherKey.publicKey), 'id_mismatch'),
  broken('id of another', record(registration).with(0, otherId), 'id_mismatch'),
  broken(
    'update that says who the entity is',
    record(registration, actOf('update', 'zynd', pick(zyndRegistrations(), 'tags empty'))),
    'validation_failed',
  ),
  broken('one field too few', record(registration).slice(0, 6)),
  broken('one field too many', [...record(registration), null]),
  broken('no array', 'record'),
]

const tombstones = (): WireVector[] => [
  sound('native, by the entity', tombstone(deregistration)),
  sound('Zynd, by the developer', tombstone(zyndDeregistration, proof)),
  sound('of a developer', [
    developerId,
    developerKey.publicKey,
    stamp(4),
    timeMs,
    developerAct('deregister_developer'),
    null,
  ]),
  broken('key of another', tombstone(deregistration).with(1, otherKey.publicKey), 'id_mismatch'),
  broken(
    'deregistration of another',
    [otherId, otherKey.publicKey, ...tombstone(deregistration).slice(2)],
    'id_mismatch',
  ),
  broken('act that is no deregistration', tombstone(update)),
]

// Presences and words.
const beat = (status: string): Layout[] => [
  'native',
  timeMs,
  'nonce-1',
  status,
  nodeId,
  fromHex(pick(nativeBeats, status).signature),
]
const presence = (status: string, cause: string): Layout[] => [
  stamp(0),
  status,
  beat('active'),
  nodeId,
  cause,
  stamp(5),
]

const presences = (): WireVector[] => [
  sound('active', presence('active', 'session')),
  sound('inactive after silence', presence('inactive', 'silence')),
  sound('inactive after a goodbye', presence('inactive', 'goodbye').with(2, beat('inactive'))),
  broken('stamp of another node', presence('active', 'session').with(5, [timeMs, 5, otherNodeId])),
  broken('beat bound to another node', presence('active', 'session').with(2, beat('active').with(4, otherNodeId))),
  broken('active after a goodbye', presence('active', 'session').with(2, beat('inactive'))),
  broken('native beat without a node', presence('active', 'session').with(2, beat('active').with(4, null))),
  broken('unknown status', presence('unknown', 'session')),
  broken('unknown cause', presence('active', 'magic')),
]

const active = encode(presence('active', 'session'))
const leaf = sha256(Uint8Array.of(0), framed('rollcall/presence/1', entityId, active))
const word = (root: Uint8Array, sides: number, path: readonly Uint8Array[]): Layout[] => [
  nodeKey.sign(framed('rollcall/word/1', root)),
  sides,
  path,
]
const wordAlone = word(leaf, 0, [])
const siblings = [sha256(text('left')), sha256(text('right'))] as const
/** On the right of the first sibling, then on the left of the second: only bit 0 of the sides is set. */
const wordOfMany = word(sha256(Uint8Array.of(1), sha256(Uint8Array.of(1), siblings[0], leaf), siblings[1]), 1, siblings)

const entries = (): WireVector[] => {
  const recordBytes = encode(record(registration, update))
  const developerBytes = encode(developer(developerAct('register_developer')))
  return [
    sound('record', [1, entityId, recordBytes, null]),
    sound('record with presence', [1, entityId, recordBytes, [active, wordAlone]]),
    sound('tombstone', [2, entityId, encode(tombstone(deregistration))]),
    sound('grave', [3, entityId, stamp(4)]),
    sound('presence', [4, entityId, [active, wordOfMany]]),
    sound('developer', [5, developerId, developerBytes]),
    broken('developer under the id of another', [5, entityId, developerBytes]),
    broken('unknown kind', [6, entityId, recordBytes, null]),
    broken('about another entity', [1, otherId, recordBytes, null]),
    broken('one field too few', [3, entityId]),
    broken('one field too many', [3, entityId, stamp(4), null]),
    broken('word with a side too many', [4, entityId, [active, wordAlone.with(1, 1)]]),
    broken('word with a short hash', [4, entityId, [active, wordAlone.with(2, [new Uint8Array(31)])]]),
  ]
}

// Messages of a node.
const transitions: Layout = [timeMs, 1, stamp(6), [[3, entityId, stamp(4)]]]
const status: Layout = [
  stamp(7),
  timeMs,
  timeMs,
  1,
  'node-a',
  'https://a.example',
  'full',
  '0.1.0',
  1,
  sha256(text('digest')).slice(0, 16),
  [3, 2, 1, 0],
  [[otherNodeId, [timeMs, 0, otherNodeId]]],
  [`/ip4/127.0.0.1/tcp/9001/ws/p2p/${nodeId}`],
  [5, sha256(text('audit head'))],
  1,
]
const envelope = (type: string, payload: Uint8Array): Layout[] => [
  nodeId,
  type,
  payload,
  nodeKey.sign(framed(`rollcall/${type}/1`, payload)),
]

const envelopes = (): WireVector[] => {
  const payload = encode(transitions)
  return [
    sound('transitions', envelope('transitions', payload)),
    sound('status', envelope('status', encode(status))),
    broken('unknown type', envelope('gossip', payload)),
    broken('short signature', envelope('transitions', payload).with(3, new Uint8Array(63))),
    broken('origin that is no node', envelope('transitions', payload).with(0, entityId)),
  ]
}

export const wireVectors = () => ({
  entity_id: entityId,
  node_id: nodeId,
  time_ms: timeMs,
  records: records(),
  developers: developers(),
  tombstones: tombstones(),
  presences: presences(),
  entries: entries(),
  transitions: [sound('one grave', transitions)],
  status: [sound('full node', status)],
  envelopes: envelopes(),
})
