/** What both SDKs have in common: a description of an agent, the fields they sign and compare, and the time they keep. */
import { canonical, type Fields } from './dump.ts'
import { derive, Key, proofOf } from './keys.ts'

export interface Description {
  readonly name: string
  readonly entity_url: string
  readonly category: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly service_endpoint?: string
  readonly openapi_url?: string
}

export interface Identity {
  readonly key: Key
  readonly type: 'agent' | 'service'
  readonly developer: Key
  readonly index: number
}

export const idOf = ({ key, type }: Identity): string => (type === 'service' ? key.serviceId : key.agentId)

/** A developer, and an agent of theirs: both fixed by their names. */
export const identityOf = (name: string, type: Identity['type'] = 'agent', index = 0): Identity => {
  const developer = new Key(`developer of ${name}`)
  return { key: derive(developer, index), type, developer, index }
}

export const describe = (name: string, more: Partial<Description> = {}): Description => ({
  name,
  entity_url: 'http://127.0.0.1:5000',
  category: 'conformance',
  tags: ['zynd', 'wire'],
  summary: `${name} speaks as it always did.`,
  ...more,
})

/** The text that S1 signs. */
export const registrationText = (identity: Identity, description: Description, withType = true): string =>
  canonical({
    category: description.category,
    entity_url: description.entity_url,
    name: description.name,
    public_key: identity.key.publicText,
    summary: description.summary,
    tags: description.tags,
    ...(withType ? { entity_type: identity.type } : {}),
  })

export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 36)

/** A registration as both SDKs fill it, in T's order. */
export const registration = (identity: Identity, description: Description, extra: Fields = {}): Fields => ({
  name: description.name,
  entity_url: description.entity_url,
  category: description.category,
  tags: description.tags,
  summary: description.summary,
  public_key: identity.key.publicText,
  signature: identity.key.sign(registrationText(identity, description)),
  entity_type: identity.type,
  ...(description.service_endpoint === undefined ? {} : { service_endpoint: description.service_endpoint }),
  ...(description.openapi_url === undefined ? {} : { openapi_url: description.openapi_url }),
  developer_id: identity.developer.developerId,
  developer_proof: proofOf(identity.developer, identity.key, identity.index),
  entity_name: slug(description.name),
  version: '1.0.0',
  ...extra,
})

const COMPARED = ['name', 'entity_url', 'category', 'tags', 'summary', 'service_endpoint', 'openapi_url'] as const

/** The fields in which the record differs from what the SDK would register, compared as strictly as it does. */
export const difference = (desired: Description, record: Readonly<Record<string, unknown>>): Fields => {
  const changed: Record<string, Fields[string]> = {}
  for (const field of COMPARED) {
    const wanted = desired[field]
    if (wanted === undefined) continue
    if (JSON.stringify(wanted) !== JSON.stringify(record[field])) changed[field] = wanted
  }
  return changed
}

/** The body and header of an update (S2): signed twice, once within and once over the bytes. */
export const updateOf = (key: Key, fields: Fields | undefined): { body: string; authorization: string } => {
  // Without fields it is M's mistake: undefined canonicalises to null.
  const body = canonical({ ...fields, signature: key.sign(canonical(fields)) })
  return { body, authorization: `Bearer ${key.sign(body)}` }
}

/** How long the clients of this suite take for what takes them 30, 5 and 20 seconds. */
export interface Pace {
  readonly intervalMs: number
  readonly reconnectMs: number
  readonly pingMs: number
}

/** A thirtieth of the time of the SDKs, as in the fast profile. */
export const FAST_PACE: Pace = { intervalMs: 1_000, reconnectMs: 167, pingMs: 667 }

/** Agents that run now. They come back for ever, so whoever starts nodes stops them in the end. */
export const running = new Set<{ stop(): void }>()

export const stopAll = (): void => {
  for (const agent of running) agent.stop()
}

/** Whole seconds and a Z, as both SDKs print a time. */
export const timestamp = (ms: number = Date.now()): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
