/** The command `zynd` (zynd-wire.md §4.5): what it sends, and the lines it prints of what it gets. */
import type { Fields } from './dump.ts'
import { fetchCall, JSON_TYPE, listOf, type Reply } from './http.ts'
import type { Key } from './keys.ts'
import { type Description, type Identity, idOf, registrationText } from './sdk.ts'

const entityUrl = (registry: string, id: string): string => `${registry}/v1/entities/${encodeURIComponent(id)}`

/** As JavaScript prints a member that is not there: "undefined", or a crash where it is a number that is formatted. */
const shown = (value: unknown): string => String(value)

const post = (url: string, fields: Fields): Promise<Reply> =>
  fetchCall(url, { method: 'POST', body: JSON.stringify(fields), headers: JSON_TYPE })

/** `zynd search -q WORDS`, `zynd search`, `zynd resolve NAME`: the lines printed. Throws as the command would crash. */
export const printSearch = async (registry: string, fields: Fields): Promise<string[]> => {
  const { status, body } = await post(`${registry}/v1/search`, fields)
  if (status !== 200) throw new Error(`HTTP ${status}`)
  return listOf(body.results).map((hit) => {
    const score = hit.score as number
    const tags = hit.tags as readonly string[]
    return [hit.name, hit.status, hit.entity_id, hit.summary, hit.category, tags.join(', '), hit.entity_url]
      .map(shown)
      .concat(score.toFixed(3))
      .join(' | ')
  })
}

const INFO = [
  'name',
  'entity_id',
  'entity_type',
  'status',
  'entity_url',
  'category',
  'summary',
  'public_key',
  'home_registry',
  'created_at',
  'last_heartbeat',
  'tags',
] as const

/** `zynd info ID`: its lines, and whether it says that there is a card. */
export const printInfo = async (registry: string, id: string): Promise<{ lines: string[]; hasCard: boolean }> => {
  const { status, body } = await fetchCall(entityUrl(registry, id))
  if (status !== 200) throw new Error(`HTTP ${status}`)
  const card = await fetchCall(`${entityUrl(registry, id)}/card`)
  return { lines: INFO.map((field) => `${field}: ${shown(body[field])}`), hasCard: card.status === 200 }
}

/** `zynd status ID`: the line, and its colour. */
export const printStatus = async (registry: string, id: string): Promise<string> => {
  const { status, body } = await fetchCall(entityUrl(registry, id))
  if (status === 404) return 'not registered'
  const colour = body.status === 'active' ? 'green' : 'yellow'
  return `${shown(body.name)} ${colour} ${shown(body.entity_url)} ${shown(body.last_heartbeat)}`
}

/** `zynd register`: without `--type` the body has no entity_type; with it there is still no service_endpoint. */
export const register = (
  registry: string,
  identity: Identity,
  description: Description,
  withType: boolean,
): Promise<Reply> =>
  post(`${registry}/v1/entities`, {
    name: description.name,
    entity_url: description.entity_url,
    category: description.category,
    tags: description.tags,
    summary: description.summary,
    public_key: identity.key.publicText,
    signature: identity.key.sign(registrationText(identity, description, withType)),
    ...(withType ? { entity_type: identity.type } : {}),
  })

/** `zynd deregister --entity-id ID`: without `--keypair` it signs with the developer's key, and says Bearer all the same. */
export const deregister = (registry: string, identity: Identity, signer: Key, scheme = 'Bearer'): Promise<Reply> => {
  const id = idOf(identity)
  const headers = { Authorization: `${scheme} ${signer.sign(id)}` }
  return fetchCall(entityUrl(registry, id), { method: 'DELETE', headers })
}
