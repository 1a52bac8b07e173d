/** Developers, handles and names as T, P, TC, D and G ask for them (docs/zynd-wire.md, sections 3 and 4.3). */
import { canonical, type Fields } from './dump.ts'
import { fetchCall, JSON_TYPE, postJson, type Reply } from './http.ts'
import type { Key } from './keys.ts'
import { type Identity, idOf } from './sdk.ts'

type Form = (value: Fields) => string

/** S6: the four fields, empty where unset; signed by Go's rule where it is G that asks. */
export const postDeveloper = (registry: string, key: Key, fields: Fields, form: Form = canonical): Promise<Reply> => {
  const signed = { github: '', name: '', profile_url: '', ...fields, handle: undefined }
  const { handle: _, ...covered } = { ...signed, public_key: key.publicText }
  const body = { public_key: key.publicText, ...fields, signature: key.sign(form(covered)) }
  return fetchCall(`${registry}/v1/developers`, { method: 'POST', body: form(body), headers: JSON_TYPE })
}

export const developerUrl = (registry: string, key: Key): string =>
  `${registry}/v1/developers/${encodeURIComponent(key.developerId)}`

export const getDeveloper = (registry: string, key: Key): Promise<Reply> => fetchCall(developerUrl(registry, key))

/** S9. */
export const claimHandle = (registry: string, key: Key, handle: string, signer = key): Promise<Reply> => {
  const covered = { developer_id: key.developerId, handle, public_key: key.publicText }
  return postJson(`${registry}/v1/handles`, { ...covered, signature: signer.sign(canonical(covered)) })
}

export interface Binding {
  readonly handle: string
  readonly name: string
  readonly tags?: readonly string[]
  readonly version?: string
  /** Over what T signed the tags that it leaves out. */
  readonly signedTags?: readonly string[] | null
  readonly form?: Form
}

/** S4: an empty list of tags is left out of the body, and was signed as null or as itself. */
export const bindName = (
  registry: string,
  identity: Identity,
  binding: Binding,
  { signer = identity.developer, path = '/v1/names', method = 'POST' } = {},
): Promise<Reply> => {
  const { handle, name, tags = [], version = '', signedTags = null, form = canonical } = binding
  const covered = {
    capability_tags: tags.length === 0 ? signedTags : tags,
    developer_handle: handle,
    entity_id: idOf(identity),
    entity_name: name,
    version,
  }
  const { capability_tags, ...fields } = covered
  const body = {
    ...fields,
    ...(tags.length === 0 ? {} : { capability_tags }),
    signature: signer.sign(form(covered)),
  }
  return fetchCall(`${registry}${path}`, { method, body: form(body), headers: JSON_TYPE })
}

/** PUT with the developer's signature over the raw body (S7). */
export const putSigned = (url: string, key: Key, fields: Fields): Promise<Reply> => {
  const body = canonical(fields)
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${key.sign(body)}` }
  return fetchCall(url, { method: 'PUT', body, headers })
}

/** DELETE with a signature over a text (S8, S10, S11). */
export const deleteSigned = (url: string, key: Key, text: string): Promise<Reply> =>
  fetchCall(url, { method: 'DELETE', headers: { Authorization: `Bearer ${key.sign(text)}` } })
