/**
 * The name of an entity under its developer: bound by an act of that developer (zynd-wire S4), or by the `entity_name` with
 * which the entity registered. The last word counts; a function of the acts of the record, and never stored beside them.
 *
 * The name stands under the developer's id, not under its handle: who has no handle yet binds names already, and they show
 * once it has one.
 */
import { type Act, actContent, type SaidAct } from './act.ts'
import type { Json, JsonObject } from './canonical-json.ts'
import type { EntityId } from './ids.ts'
import { LIMITS } from './limits.ts'
import { checkedName, nameProblem } from './names.ts'
import { fail, ok, type Result } from './result.ts'

export interface Binding {
  readonly name: string
  /** Empty where none was named. */
  readonly version: string
  readonly capabilityTags: readonly string[]
  /** The developer's bindings of this very name that are kept, oldest first; empty where the registration alone named it. */
  readonly versions: readonly BoundVersion[]
}

export interface BoundVersion {
  readonly version: string
  readonly capabilityTags: readonly string[]
  readonly signature: Uint8Array
  /** The developer's time; undefined in Zynd's form, which names none. */
  readonly issuedAtMs: number | undefined
}

/** What a binding says, checked. */
export interface BindingWords {
  readonly name: string
  readonly handle: string
  readonly version: string
  readonly capabilityTags: readonly string[]
}

/** The binding that acts, oldest first, leave; undefined where they leave none. Needs a developer to stand under. */
export const bindingOf = (said: readonly SaidAct[], id: EntityId): Result<Binding | undefined> => {
  let binding: Binding | undefined
  let hasDeveloper = false
  let version = ''
  for (const { act, body, issuedAtMs } of said) {
    if (act.kind === 'register') hasDeveloper = body.developer_proof !== undefined && body.developer_proof !== null
    if (act.kind === 'register' || act.kind === 'update') {
      version = typeof body.version === 'string' ? body.version : version
      if (body.entity_name !== undefined) binding = ofProfile(body.entity_name, version)
    } else if (act.kind === 'bind_name') {
      const words = bindingWords(act, body, id)
      if (!words.ok) return words
      binding = boundBy(binding, words.value, { signature: act.signature, issuedAtMs })
    } else if (act.kind === 'release_name') {
      if (act.form === 'native' && body.entity_id !== id) return fail('id_mismatch', 'a release names another entity')
      if (binding?.name === body.entity_name) binding = undefined
    }
  }
  return ok(hasDeveloper ? binding : undefined)
}

/** What an act that binds a name says about the entity `id`. */
export const bindingWords = (act: Act, body: JsonObject, id: EntityId): Result<BindingWords> => {
  if (act.by !== 'developer') return fail('malformed', 'a name is bound by the developer')
  if (body.entity_id !== id) return fail('id_mismatch', 'a binding names another entity')
  const name = checkedName('entity_name', body.entity_name)
  if (!name.ok) return name
  const version = body.version ?? ''
  if (typeof version !== 'string' || version.length > LIMITS.versionCharsMax) {
    return fail('validation_failed', `version is not a text of at most ${LIMITS.versionCharsMax} characters`, {
      field: 'version',
    })
  }
  const tags = tagsOf(body.capability_tags)
  if (tags === undefined) {
    return fail('validation_failed', `capability_tags is not a list of at most ${LIMITS.tagsMax} short texts`, {
      field: 'capability_tags',
    })
  }
  const handle = typeof body.developer_handle === 'string' ? body.developer_handle : ''
  return ok({ name: name.value, handle, version, capabilityTags: tags })
}

const tagsOf = (value: Json | undefined): readonly string[] | undefined => {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > LIMITS.tagsMax) return undefined
  const isText = (tag: Json): tag is string => typeof tag === 'string' && tag.length <= LIMITS.tagCharsMax
  return value.every(isText) ? value : undefined
}

/** A name that cannot be one is no binding; the entity is registered all the same. */
const ofProfile = (name: Json, version: string): Binding | undefined =>
  typeof name === 'string' && nameProblem(name) === undefined
    ? { name, version, capabilityTags: [], versions: [] }
    : undefined

const boundBy = (
  before: Binding | undefined,
  words: BindingWords,
  act: { readonly signature: Uint8Array; readonly issuedAtMs: number | undefined },
): Binding => {
  const { name, version, capabilityTags } = words
  const earlier = before?.name === name ? before.versions.filter((other) => other.version !== version) : []
  const versions = [...earlier, { version, capabilityTags, signature: act.signature, issuedAtMs: act.issuedAtMs }]
  return { name, version, capabilityTags, versions: versions.slice(-LIMITS.nameVersionsMax) }
}

/**
 * Which acts that bind a name stay in a record beside the last word: one for each version of the name it bears, the newest
 * of them. To be asked from the newest act to the oldest.
 */
export const versionsKept = (): ((act: Act) => boolean) => {
  let name: Json | undefined
  let isOver = false
  const versions = new Set<Json>()
  return (act) => {
    const content = actContent(act)
    if (isOver || !content.ok) return false
    const { body } = content.value
    if (act.kind !== 'bind_name') {
      // What named it otherwise, or released it, ends the history of the name.
      isOver = act.kind === 'release_name' || body.entity_name !== undefined
      return false
    }
    name ??= body.entity_name
    const version = body.version ?? ''
    if (body.entity_name !== name || versions.has(version) || versions.size >= LIMITS.nameVersionsMax) {
      isOver ||= body.entity_name !== name
      return false
    }
    versions.add(version)
    return true
  }
}
