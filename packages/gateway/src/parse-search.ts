/**
 * Search requests in every spelling that reaches a registry (zynd-wire.md §4.2): POST bodies of Zynd's clients, and query
 * strings. Unknown fields are ignored, since a newer client must be able to search here.
 */
import type { SearchRequest } from '@rollcall/core'
import {
  type EntityId,
  type EntityType,
  fail,
  type Json,
  type JsonObject,
  LIMITS,
  ok,
  parseEntityId,
  parseFqan,
  type Result,
  type Status,
} from '@rollcall/protocol'
import { OFFSET_MAX } from './settings.ts'

export type SearchInput =
  /** The id of one entity, shown whatever its status. */
  | { readonly kind: 'id'; readonly id: EntityId; readonly offset: number }
  /** A full name, whatever the status of the entity that holds it. */
  | { readonly kind: 'name'; readonly handle: string; readonly name: string; readonly offset: number }
  /** What is no name in any spelling: no entity can match. */
  | { readonly kind: 'nothing'; readonly offset: number }
  | { readonly kind: 'search'; readonly request: SearchRequest }

export interface SearchCaps {
  readonly defaultLimit: number
  /** A larger limit is lowered to this one. */
  readonly maxLimit: number
}

const CURSOR_CHARS_MAX = 1024
const STATUS: Readonly<Record<string, Status | 'any'>> = {
  '': 'active',
  online: 'active',
  active: 'active',
  offline: 'inactive',
  inactive: 'inactive',
  any: 'any',
  all: 'any',
}
const TYPES: Readonly<Record<string, EntityType | 'any'>> = {
  '': 'any',
  any: 'any',
  agent: 'agent',
  service: 'service',
}

export const parseSearch = (fields: JsonObject, caps: SearchCaps): Result<SearchInput> => {
  const text = textField(fields, ['query', 'q'], LIMITS.queryCharsMax)
  if (!text.ok) return text
  const fqan = textField(fields, ['fqan'], LIMITS.queryCharsMax)
  if (!fqan.ok) return fqan
  const page = parsePage(fields, caps)
  if (!page.ok) return page
  const { limit, offset } = page.value

  // Zynd's SDKs put a bare entity id into either field, and need that very entity (zynd-wire.md §4.2).
  const id = parseEntityId(fqan.value) ?? (fqan.value === '' ? parseEntityId(text.value) : undefined)
  if (id !== undefined) return ok({ kind: 'id', id, offset })
  if (fqan.value !== '') {
    const name = parseFqan(fqan.value)
    return ok(
      name === undefined ? { kind: 'nothing', offset } : { kind: 'name', handle: name.handle, name: name.name, offset },
    )
  }

  const filters = parseFilters(fields)
  if (!filters.ok) return filters
  return ok({ kind: 'search', request: { text: text.value, limit, offset, ...filters.value } })
}

const parseFilters = (fields: JsonObject): Result<Omit<SearchRequest, 'text' | 'limit' | 'offset'>> => {
  const status = parseStatus(fields)
  if (!status.ok) return status
  const type = choice(fields, ['entity_type', 'type'], TYPES)
  if (!type.ok) return type
  const category = textField(fields, ['category'], LIMITS.categoryCharsMax)
  if (!category.ok) return category
  const developerId = textField(fields, ['developer_id'], LIMITS.categoryCharsMax)
  if (!developerId.ok) return developerId
  const handle = textField(fields, ['developer_handle'], LIMITS.nameCharsMax)
  if (!handle.ok) return handle
  const cursor = textField(fields, ['cursor'], CURSOR_CHARS_MAX)
  if (!cursor.ok) return cursor
  const tags = listField(fields, ['tags', 'tag'])
  if (!tags.ok) return tags
  const skills = listField(fields, ['skills', 'skill'])
  if (!skills.ok) return skills
  return ok({
    status: status.value,
    ...(category.value === '' ? {} : { category: category.value }),
    ...(tags.value.length === 0 ? {} : { tags: tags.value }),
    ...(skills.value.length === 0 ? {} : { skills: skills.value }),
    ...(type.value === 'any' ? {} : { type: type.value }),
    ...(developerId.value === '' ? {} : { developerId: developerId.value }),
    ...(handle.value === '' ? {} : { developerHandle: handle.value.replace(/^@/, '') }),
    ...(cursor.value === '' ? {} : { cursor: cursor.value }),
  })
}

const parseStatus = (fields: JsonObject): Result<Status | 'any'> => {
  const status = choice(fields, ['status'], STATUS)
  if (!status.ok) return status
  return flagField(fields, 'include_inactive') ? ok('any') : status
}

/** Whether a field of a body or a query string says yes. */
export const flagField = (fields: JsonObject, name: string): boolean =>
  fields[name] === true || fields[name] === 'true' || fields[name] === '1'

/** `limit` (or `max_results`) and `offset`. A limit of 0 is one that was not set, as in Go's clients. */
export const parsePage = (
  fields: JsonObject,
  caps: SearchCaps,
): Result<{ readonly limit: number; readonly offset: number }> => {
  const limit = countField(fields, ['limit', 'max_results'])
  if (!limit.ok) return limit
  const offset = countField(fields, ['offset'])
  if (!offset.ok) return offset
  if (offset.value > OFFSET_MAX) {
    return invalid('offset', `is ${offset.value}, at most ${OFFSET_MAX} is allowed; a cursor goes further`)
  }
  return ok({
    limit: Math.min(limit.value === 0 ? caps.defaultLimit : limit.value, caps.maxLimit),
    offset: offset.value,
  })
}

/** One of `agent` and `service`, or undefined where the field does not choose. */
export const parseType = (fields: JsonObject): Result<EntityType | undefined> => {
  const type = choice(fields, ['type', 'entity_type'], TYPES)
  if (!type.ok) return type
  return ok(type.value === 'any' ? undefined : type.value)
}

/** The first of these fields that is set, as a text; empty where none is. */
export const textField = (fields: JsonObject, names: readonly string[], charsMax: number): Result<string> => {
  const { name, value } = firstSet(fields, names)
  if (value === undefined) return ok('')
  if (typeof value !== 'string') return invalid(name, 'is not a text')
  const trimmed = value.trim()
  if (trimmed.length > charsMax)
    return invalid(name, `has ${trimmed.length} characters, at most ${charsMax} are allowed`)
  return ok(trimmed)
}

export const countField = (fields: JsonObject, names: readonly string[]): Result<number> => {
  const { name, value } = firstSet(fields, names)
  if (value === undefined || value === '') return ok(0)
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return invalid(name, 'is not a count')
  return ok(count)
}

const listField = (fields: JsonObject, names: readonly string[]): Result<readonly string[]> => {
  const { name, value } = firstSet(fields, names)
  if (value === undefined) return ok([])
  const parts: readonly Json[] = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [null]
  const words: string[] = []
  for (const part of parts) {
    if (typeof part !== 'string') return invalid(name, 'is not a list of texts')
    words.push(
      ...part
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    )
  }
  if (words.length > LIMITS.queryFilterValuesMax) {
    return invalid(name, `has ${words.length} entries, at most ${LIMITS.queryFilterValuesMax} are allowed`)
  }
  const long = words.find((word) => word.length > LIMITS.tagCharsMax)
  if (long !== undefined)
    return invalid(name, `holds a text of ${long.length} characters, at most ${LIMITS.tagCharsMax} are allowed`)
  return ok(words)
}

const choice = <T>(fields: JsonObject, names: readonly string[], choices: Readonly<Record<string, T>>): Result<T> => {
  const { name, value } = firstSet(fields, names)
  const key = value === undefined ? '' : value
  const chosen =
    typeof key === 'string' ? Object.entries(choices).find(([word]) => word === key.toLowerCase()) : undefined
  if (chosen !== undefined) return ok(chosen[1])
  const allowed = Object.keys(choices).filter((word) => word !== '')
  return invalid(name, `is ${JSON.stringify(key).slice(0, 80)}, it may be ${allowed.join(', ')}`)
}

const firstSet = (
  fields: JsonObject,
  names: readonly string[],
): { readonly name: string; readonly value: Json | undefined } => {
  const isSet = (name: string): boolean => fields[name] !== undefined && fields[name] !== null
  // Of two spellings the one that says something counts: clients send the other one empty.
  const name = names.find((candidate) => isSet(candidate) && fields[candidate] !== '') ?? names.find(isSet)
  return { name: name ?? names[0] ?? '', value: name === undefined ? undefined : (fields[name] ?? undefined) }
}

const invalid = (field: string, why: string) => fail('validation_failed', `${field} ${why}`, { field })
