import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ACT_KINDS,
  type ActKind,
  actChecks,
  actsOf,
  beatCheck,
  decodeDelta,
  decodeStatus,
  decodeTransitions,
  developerActsOf,
  developerChecks,
  developerIdOf,
  encodeDelta,
  encodePresence,
  encodeStatus,
  encodeTransitions,
  envelopeCheck,
  makeDeveloperRecord,
  makeRecord,
  makeTombstone,
  nativeActBytes,
  nativeBeatBytes,
  openEnvelope,
  parseDeveloperRecord,
  parseDocumentedFrame,
  parsePresence,
  parseRecord,
  parseTombstone,
  parseZyndFrame,
  presenceChecks,
  proofCheck,
  type Result,
  recordChecks,
  type SignatureCheck,
  STATUSES,
  sealEnvelope,
  tombstoneChecks,
  zyndRegistration,
} from '@rollcall/protocol'
import {
  allHold,
  codeOf,
  developer,
  entity,
  fromHex,
  hex,
  holds,
  id,
  node,
  nodeSigner,
  proof,
  readVectors,
  timeMs,
  unwrap,
} from './kit.ts'

interface SignatureVector {
  readonly name: string
  readonly input: string
  readonly by: 'entity' | 'developer'
  readonly public_key: string
  readonly message: string
  readonly signature: string
}
interface WireVector {
  readonly name: string
  readonly bytes: string
  readonly code?: string
}
type Groups<T> = Readonly<Record<string, readonly T[]>>

const signatures = readVectors<{ zynd: Groups<SignatureVector>; native: Groups<SignatureVector> }>('signatures.json')
const wire = readVectors<Groups<WireVector>>('wire.json')

/** The check is about exactly the bytes and the signature of the vector. */
const agrees = (check: SignatureCheck | undefined, vector: SignatureVector): void => {
  assert.ok(check !== undefined)
  assert.equal(hex(check.publicKey), vector.public_key)
  assert.ok(check.messages.map(hex).includes(vector.message))
  assert.equal(hex(check.signature), vector.signature)
  assert.ok(holds(check))
}

const each = <T extends { name: string }>(groups: Groups<T>, group: string, check: (vector: T) => void): void => {
  const vectors = groups[group] ?? []
  assert.ok(vectors.length > 0, `there are no vectors ${group}`)
  for (const vector of vectors) test(`${group}: ${vector.name}`, () => check(vector))
}

const about = { id, publicKey: entity.publicKey, proof }
const aboutDeveloper = {
  id: developerIdOf(developer.publicKey),
  publicKey: developer.publicKey,
  proof: undefined,
}

describe('I3: known signatures are checked over known bytes', () => {
  each(signatures.zynd, 'register_S1', (vector) => {
    agrees(unwrap(actChecks(unwrap(zyndRegistration(vector.input)), about))[0], vector)
  })
  for (const [group, kind] of [
    ['update_S2b', 'update'],
    ['deregister_S3', 'deregister'],
  ] as const) {
    each(signatures.zynd, group, (vector) => {
      const text = kind === 'update' ? vector.input : ''
      const act = { kind, form: 'zynd', by: vector.by, text, signature: fromHex(vector.signature) } as const
      agrees(unwrap(actChecks(act, about))[0], vector)
    })
  }
  each(signatures.zynd, 'proof_S12', (vector) => agrees(proofCheck(entity.publicKey, proof), vector))
  each(signatures.zynd, 'beat_S5', (vector) => {
    agrees(beatCheck(unwrap(parseZyndFrame(vector.input)), id, entity.publicKey), vector)
  })
  each(signatures.zynd, "beat_S5'", (vector) => {
    const { entityId, beat } = unwrap(parseDocumentedFrame(vector.input))
    agrees(beatCheck(beat, entityId, entity.publicKey), vector)
  })
  each(signatures.native, 'act', (vector) => {
    const kind = vector.name.split(' ')[0] as ActKind
    assert.equal(hex(nativeActBytes(kind, vector.input)), vector.message)
    const act = {
      kind,
      form: 'native',
      by: vector.by,
      text: vector.input,
      signature: fromHex(vector.signature),
    } as const
    agrees(unwrap(actChecks(act, about))[0], vector)
  })
  for (const group of Object.keys(signatures.zynd).filter((name) => /_(handle|developer|name)_S/.test(name))) {
    each(signatures.zynd, group, (vector) => {
      const kind = ACT_KINDS.find((one) => group.startsWith(`${one}_S`))
      assert.ok(kind !== undefined)
      const [text, signature] = [kind === 'deregister_developer' ? '' : vector.input, fromHex(vector.signature)]
      const act = { kind, form: 'zynd', by: 'developer', text, signature } as const
      const of = kind.endsWith('_name') ? about : aboutDeveloper
      agrees(unwrap(actChecks(act, of))[0], vector)
    })
  }
  each(signatures.native, 'developer_act', (vector) => {
    const kind = ACT_KINDS.find((one) => one === vector.name)
    assert.ok(kind !== undefined)
    assert.equal(hex(nativeActBytes(kind, vector.input)), vector.message)
    const signature = fromHex(vector.signature)
    const act = { kind, form: 'native', by: 'developer', text: vector.input, signature } as const
    agrees(unwrap(actChecks(act, kind.endsWith('_name') ? about : aboutDeveloper))[0], vector)
  })
  each(signatures.native, 'beat', (vector) => {
    const status = STATUSES.find((one) => one === vector.name)
    assert.ok(status !== undefined)
    const nonce = vector.input
    assert.equal(hex(nativeBeatBytes({ entityId: id, node, nonce, timeMs, status })), vector.message)
    const beat = { form: 'native', timeMs, text: nonce, status, node, signature: fromHex(vector.signature) } as const
    agrees(beatCheck(beat, id, entity.publicKey), vector)
  })
})

/** A sound vector parses, is made anew byte for byte, and its signatures hold; a broken one is refused with its code. */
const compare = <T>(
  group: string,
  parse: (bytes: Uint8Array) => Result<T>,
  write: (value: T) => Uint8Array,
  checks?: (value: T) => Result<readonly SignatureCheck[]> | readonly SignatureCheck[],
): void => {
  describe(`G2: known bytes: ${group}`, () => {
    each(wire, group, ({ bytes, code }) => {
      const result = parse(fromHex(bytes))
      if (code !== undefined) return assert.equal(codeOf(result), code)
      const value = unwrap(result)
      assert.equal(hex(write(value)), bytes)
      if (checks !== undefined) assert.ok(allHold(checks(value)))
    })
  })
}

compare(
  'records',
  parseRecord,
  (record) => unwrap(makeRecord({ ...record, bindingClaim: record.binding?.claim, acts: actsOf(record) })).bytes,
  recordChecks,
)
compare(
  'developers',
  parseDeveloperRecord,
  (record) =>
    unwrap(makeDeveloperRecord({ ...record, handleClaim: record.handle?.claim, acts: developerActsOf(record) })).bytes,
  developerChecks,
)
compare('tombstones', parseTombstone, (tombstone) => unwrap(makeTombstone(tombstone)).bytes, tombstoneChecks)
compare('presences', parsePresence, encodePresence, ({ beat }) => [beatCheck(beat, id, entity.publicKey)])
compare('entries', decodeDelta, encodeDelta, (delta) => {
  switch (delta.kind) {
    case 'record': {
      const checks = unwrap(recordChecks(delta.record))
      return delta.presence === undefined
        ? checks
        : [...checks, ...presenceChecks(delta.presence, id, entity.publicKey)]
    }
    case 'tombstone':
      return tombstoneChecks(delta.tombstone)
    case 'presence':
      return presenceChecks(delta.presence, id, entity.publicKey)
    case 'developer':
      return developerChecks(delta.developer)
    case 'grave':
      return [proofCheck(entity.publicKey, proof)]
  }
})
compare('transitions', decodeTransitions, encodeTransitions)
compare('status', decodeStatus, encodeStatus)
compare(
  'envelopes',
  openEnvelope,
  ({ type, payload }) => sealEnvelope(type, payload, nodeSigner),
  (envelope) => [envelopeCheck(envelope)],
)

test('the keys of the vectors are those of the tests', () => {
  const keys = new Set(Object.values(signatures.zynd).flatMap((vectors) => vectors.map((vector) => vector.public_key)))
  assert.deepEqual([...keys].sort(), [hex(entity.publicKey), hex(developer.publicKey)].sort())
})
