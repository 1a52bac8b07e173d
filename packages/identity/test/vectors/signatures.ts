/**
 * Every signature of an owner that a node takes: Zynd's forms (zynd-wire §3) and the native ones, each with the bytes that
 * are signed, written out here rather than asked of the code under test.
 */
import type { Signer } from '@rollcall/protocol'
import { nativeDevelopers, zyndCards, zyndDevelopers, zyndInnerUpdates } from './developers.ts'
import {
  base64,
  developerId,
  developerKey,
  entityId,
  entityKey,
  framed,
  join,
  nodeId,
  signatureText,
  text,
  timeMs,
  u32,
} from './ground.ts'
import { type SignatureVector, signed } from './signing.ts'

const key = (signer: Signer): string => `ed25519:${base64(signer.publicKey)}`

/** A registration as Zynd's clients send it: signed over some of its fields, and carrying its own signature. */
const zyndRegistration = (name: string, body: Record<string, unknown>, canonical: string): SignatureVector => {
  const signature = signatureText(entityKey, text(canonical))
  return signed(name, JSON.stringify({ ...body, signature }), text(canonical))
}

const body = {
  name: 'Weather',
  entity_url: 'https://weather.example',
  category: 'weather',
  summary: 'Knows the weather',
}
const publicKey = key(entityKey)
const canonical = (tags: string, more = ''): string =>
  `{"category":"weather"${more},"entity_url":"https://weather.example","name":"Weather","public_key":"${publicKey}","summary":"Knows the weather","tags":${tags}}`
const proofMessage = join(entityKey.publicKey, u32(7))
const proof = {
  developer_public_key: key(developerKey),
  entity_index: 7,
  developer_signature: signatureText(developerKey, proofMessage),
}

export const zyndRegistrations = (): SignatureVector[] => [
  zyndRegistration(
    'tags given',
    { ...body, public_key: publicKey, tags: ['rain', 'sun'] },
    canonical('["rain","sun"]'),
  ),
  zyndRegistration('tags empty', { ...body, public_key: publicKey, tags: [] }, canonical('[]')),
  zyndRegistration('tags null', { ...body, public_key: publicKey, tags: null }, canonical('null')),
  zyndRegistration('tags absent, signed over []', { ...body, public_key: publicKey }, canonical('[]')),
  zyndRegistration('tags absent, signed over null', { ...body, public_key: publicKey }, canonical('null')),
  zyndRegistration(
    'category absent, signed over null by TypeScript',
    { name: body.name, entity_url: body.entity_url, summary: body.summary, public_key: publicKey, tags: [] },
    canonical('[]').replace('"category":"weather"', '"category":null'),
  ),
  zyndRegistration(
    'with entity_type',
    { ...body, public_key: publicKey, tags: [], entity_type: 'agent' },
    canonical('[]', ',"entity_type":"agent"'),
  ),
  zyndRegistration(
    'with empty entity_type',
    { ...body, public_key: publicKey, tags: [], entity_type: '' },
    canonical('[]'),
  ),
  zyndRegistration(
    'with a developer proof, which the signature does not cover',
    { ...body, public_key: publicKey, tags: [], developer_proof: proof },
    canonical('[]'),
  ),
  zyndRegistration(
    'with U+2028, DEL and HTML in the name',
    { ...body, name: '\u2028\u007f<&>', public_key: publicKey, tags: [] },
    canonical('[]').replace('"Weather"', '"\u2028\u007f<&>"'),
  ),
]

export const zyndOthers = (): Record<string, SignatureVector[]> => {
  const update = `{"signature":"ed25519:AAAA","summary":"Größer"}`
  return {
    update_S2a: zyndInnerUpdates(),
    update_S2b: [
      signed('by the entity', update, text(update)),
      signed('by the developer', update, text(update), 'developer'),
      signed('nothing but a signature', '{"signature":"ed25519:AAAA"}', text('{"signature":"ed25519:AAAA"}')),
    ],
    deregister_S3: [
      signed('by the entity', entityId, text(entityId)),
      signed('by the developer', entityId, text(entityId), 'developer'),
    ],
    proof_S12: [signed('index 7', JSON.stringify(proof), proofMessage, 'developer')],
  }
}

export const zyndBeats = (): Record<string, SignatureVector[]> => {
  const frame = (timestamp: string | number, message: string, rest: Record<string, string> = {}): SignatureVector => {
    const signature = signatureText(entityKey, text(message))
    return signed(String(timestamp), JSON.stringify({ ...rest, timestamp, signature }), text(message))
  }
  const rfc3339 = '2026-11-22T00:00:00Z'
  const documented = { type: 'heartbeat', agent_id: entityId }
  return {
    beat_S5: [frame(rfc3339, rfc3339), frame('2026-11-22T01:00:00+01:00', '2026-11-22T01:00:00+01:00')],
    "beat_S5'": [
      frame(timeMs / 1000, `${entityId}${timeMs / 1000}`, documented),
      frame(rfc3339, `${entityId}${rfc3339}`, documented),
      frame(rfc3339, `${entityId}${rfc3339}`, { agent_id: entityId }),
    ],
  }
}

export const nativeSignatures = (): Record<string, SignatureVector[]> => {
  const act = (kind: string, fields: string, by: 'entity' | 'developer' = 'entity'): SignatureVector => {
    const payload = `{"body":${fields},"issued_at":${timeMs},"nonce":"n-1"}`
    return signed(`${kind} by the ${by}`, payload, framed(`rollcall/${kind}/1`, payload), by)
  }
  const named = `{"entity_id":"${entityId}"}`
  const beat = (status: string): SignatureVector =>
    signed(status, 'nonce-1', framed('rollcall/beat/1', nodeId, 'nonce-1', entityId, String(timeMs), status))
  return {
    act: [
      act('register', canonical('[]', `,"entity_id":"${entityId}"`)),
      act('update', `{"entity_id":"${entityId}","name":"Weather 2"}`),
      act('update', `{"entity_id":"${entityId}","name":"Weather 2"}`, 'developer'),
      act('deregister', named),
      act('deregister', named, 'developer'),
    ],
    beat: [beat('active'), beat('inactive')],
  }
}

export const signatureVectors = () => ({
  entity_id: entityId,
  node_id: nodeId,
  time_ms: timeMs,
  zynd: {
    register_S1: zyndRegistrations(),
    ...zyndOthers(),
    ...zyndBeats(),
    ...zyndDevelopers(),
    card_S13: zyndCards(),
  },
  developer_id: developerId,
  native: { ...nativeSignatures(), developer_act: nativeDevelopers() },
})
