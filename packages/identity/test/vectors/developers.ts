/**
 * Signatures of developers over themselves, their handles and names (zynd-wire S4, S6 to S11), and of entities over their cards
 * (S13). The signed texts are written out, with Go's escapes where it is Go that signs.
 */
import {
  base64,
  developerId,
  developerKey,
  entityId,
  entityKey,
  framed,
  join,
  signatureText,
  text,
  timeMs,
} from './ground.ts'
import { type SignatureVector, signed } from './signing.ts'

const publicKey = `ed25519:${base64(developerKey.publicKey)}`

/** A body that carries the signature over `canonical`. */
const inBody = (name: string, body: Record<string, unknown>, canonical: string): SignatureVector => {
  const signature = signatureText(developerKey, text(canonical))
  return signed(name, JSON.stringify({ ...body, signature }), text(canonical), 'developer')
}

const inHeader = (name: string, input: string): SignatureVector => signed(name, input, text(input), 'developer')

const registrations = (): SignatureVector[] => {
  const covered = (name: string, github = '', url = ''): string =>
    `{"github":"${github}","name":"${name}","profile_url":"${url}","public_key":"${publicKey}"}`
  const unset = { public_key: publicKey, name: 'Ada' }
  const ampersands = { ...unset, name: 'A & B <c>\u2028' }
  return [
    inBody(
      'all fields',
      { ...unset, github: 'ada', profile_url: 'https://a.example' },
      covered('Ada', 'ada', 'https://a.example'),
    ),
    inBody('unset fields are empty', unset, covered('Ada')),
    inBody('handle is not covered', { ...unset, handle: 'ada' }, covered('Ada')),
    inBody('plain & < >', ampersands, covered('A & B <c>\u2028')),
    inBody('& < > as Go escapes them', ampersands, covered('A \\u0026 B \\u003cc\\u003e\\u2028')),
  ]
}

const bindings = (): SignatureVector[] => {
  const covered = (tags: string, version = ''): string =>
    `{"capability_tags":${tags},"developer_handle":"ada","entity_id":"${entityId}","entity_name":"weather","version":"${version}"}`
  const body = { developer_handle: 'ada', entity_id: entityId, entity_name: 'weather', version: '' }
  return [
    inBody('tags given', { ...body, capability_tags: ['b', 'a'] }, covered('["b","a"]')),
    inBody('tags absent, signed over null', body, covered('null')),
    inBody('tags absent, signed over []', body, covered('[]')),
    inBody('with a version', { ...body, version: '1.0.0' }, covered('null', '1.0.0')),
    inBody('a version that Go escapes', { ...body, version: '<1>' }, covered('null', '\\u003c1\\u003e')),
  ]
}

export const zyndDevelopers = (): Record<string, SignatureVector[]> => {
  const claim = { developer_id: developerId, handle: 'ada', public_key: publicKey }
  return {
    bind_name_S4: bindings(),
    register_developer_S6: registrations(),
    update_developer_S7: [inHeader('raw body', '{"name":  "Größer","github":"ada"}')],
    deregister_developer_S8: [inHeader('the id', developerId)],
    claim_handle_S9: [
      inBody('the claim', claim, `{"developer_id":"${developerId}","handle":"ada","public_key":"${publicKey}"}`),
    ],
    release_handle_S10: [inHeader('the handle', 'release:ada')],
    release_name_S11: [inHeader('the full name', 'release:registry.example/ada/weather')],
  }
}

/** A card: its text as it is served, and the canonical text, in which numbers stand as they were written. */
const card = (name: string, head: string, served: string, canonical: string): SignatureVector => {
  const protectedHead = Buffer.from(head).toString('base64url')
  const message = text(`${protectedHead}.${canonical}`)
  const signature = Buffer.from(entityKey.sign(message)).toString('base64url')
  const kid = `ed25519:${base64(entityKey.publicKey)}`
  const entry = JSON.stringify({ protected: protectedHead, signature, header: { kid } })
  return signed(name, served.replace(/\}$/, `,"signatures":[${entry}]}`), message)
}

export const zyndCards = (): SignatureVector[] => {
  const kid = `ed25519:${base64(entityKey.publicKey)}`
  const zynd = `{"entityId":"${entityId}","publicKey":"${kid}"}`
  const numbers = '{"least":1e-07,"most":1e+16,"one":1.0}'
  return [
    card(
      'from TypeScript, compact',
      '{"alg":"EdDSA","typ":"agent-card+jcs+jws"}',
      `{"name":"Größe <&>\u2028","capabilities":{"streaming":false},"price":0.01,"x-zynd":${zynd}}`,
      `{"capabilities":{"streaming":false},"name":"Größe <&>\u2028","price":0.01,"x-zynd":${zynd}}`,
    ),
    card(
      'from Python, with spaces, escapes and numbers as Python writes them',
      '{"alg": "EdDSA", "typ": "agent-card+jcs+jws"}',
      `{"name": "Gr\\u00f6\\u00dfe", "price": ${numbers.replaceAll(':', ': ').replaceAll(',', ', ')}, "x-zynd": ${zynd}}`,
      `{"name":"Größe","price":${numbers},"x-zynd":${zynd}}`,
    ),
    card(
      'an older signature at the top is not covered either',
      '{"alg":"EdDSA","typ":"agent-card+jcs+jws"}',
      `{"signature":"old","x-zynd":${zynd}}`,
      `{"x-zynd":${zynd}}`,
    ),
  ]
}

/** The native forms of what developers say. The name is the kind of the act. */
export const nativeDevelopers = (handle = 'ada'): SignatureVector[] => {
  const act = (kind: string, fields: string): SignatureVector => {
    const payload = `{"body":${fields},"issued_at":${timeMs},"nonce":"n-1"}`
    return signed(kind, payload, framed(`rollcall/${kind.replaceAll('_', '-')}/1`, payload), 'developer')
  }
  const own = `"developer_id":"${developerId}"`
  const name = `"entity_id":"${entityId}","entity_name":"weather"`
  return [
    act('register_developer', `{"handle":"${handle}","name":"Ada","public_key":"${publicKey}"}`),
    act('update_developer', `{${own},"name":"Ada L."}`),
    act('deregister_developer', `{${own}}`),
    act('claim_handle', `{${own},"handle":"${handle}"}`),
    act('release_handle', `{${own},"handle":"ada"}`),
    act('bind_name', `{"capability_tags":["a"],"developer_handle":"ada",${name},"version":"1.0.0"}`),
    act('release_name', `{${name}}`),
  ]
}

/** Bytes signed within the body of an update, which decide nothing: S2a, also as the MCP server makes it, over `null`. */
export const zyndInnerUpdates = (): SignatureVector[] => {
  const inner = (name: string, fields: string, message: string): SignatureVector => {
    const signature = signatureText(entityKey, text(message))
    const members = [`"signature":"${signature}"`, ...(fields === '' ? [] : [fields])]
    return signed(name, `{${members.join(',')}}`, join(text(message)))
  }
  return [
    inner('the fields without signature', '"summary":"Größer"', '{"summary":"Größer"}'),
    inner('over null, as the MCP server sends it', '', 'null'),
  ]
}
