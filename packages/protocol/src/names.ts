/**
 * Handles, entity names, and what the two make together: `registry-host/handle/entity-name` (zynd-wire.md §1).
 *
 * A lookup ignores the host: every node of a cluster holds every name, and the spellings that reach a registry often name
 * another host, or none.
 */
import { fail, ok, type Result } from './result.ts'

/** What an entity's full name consists of. */
export interface Fqan {
  /** Empty where the spelling named none. */
  readonly host: string
  readonly handle: string
  readonly name: string
  /** Empty where the spelling named none. */
  readonly version: string
}

const NAME = /^[a-z][a-z0-9-]{2,39}$/
const RESERVED: ReadonlySet<string> = new Set([
  'zynd',
  'system',
  'admin',
  'test',
  'root',
  'registry',
  'anonymous',
  'unknown',
])

/** Why `text` cannot be the name of an entity; undefined where it can. */
export const nameProblem = (text: string): string | undefined =>
  NAME.test(text) && !text.endsWith('-') && !text.includes('--')
    ? undefined
    : 'it has to be 3 to 40 of a-z, 0-9 and single hyphens, begin with a letter and not end with a hyphen'

/** Why `text` cannot be a handle; undefined where it can. */
export const handleProblem = (text: string): string | undefined =>
  RESERVED.has(text) ? 'it is reserved' : nameProblem(text)

/** A handle or a name as somebody wrote it, or why it cannot be one. */
export const checkedName = (what: 'handle' | 'entity_name', text: unknown): Result<string> => {
  if (typeof text !== 'string') return fail('validation_failed', `${what} is not a text`, { field: what })
  const problem = what === 'handle' ? handleProblem(text) : nameProblem(text)
  if (problem === undefined) return ok(text)
  return fail('validation_failed', `${what} ${JSON.stringify(text.slice(0, 80))} cannot be taken: ${problem}`, {
    field: what,
  })
}

export const formatFqan = (fqan: Pick<Fqan, 'host' | 'handle' | 'name'>): string =>
  `${fqan.host}/${fqan.handle}/${fqan.name}`

/**
 * Every spelling of zynd-wire.md §4.2: `host/handle/name`, `handle/name`, `@handle/name`, `name.handle.zynd`, each with an
 * optional `zns://` or `agdns://` before it and `@version`, then `#capability`, after it. Undefined for anything else.
 */
export const parseFqan = (text: string): Fqan | undefined => {
  const [withoutCapability = ''] = text
    .trim()
    .replace(/^(zns|agdns):\/\//i, '')
    .split('#')
  const [path = '', version = '', ...beyond] = withoutCapability.replace(/^@/, '').split('@')
  if (beyond.length > 0) return undefined
  const parts = partsOf(path.toLowerCase())
  if (parts === undefined) return undefined
  const { host, handle, name } = parts
  return nameProblem(handle) === undefined && nameProblem(name) === undefined
    ? { host, handle, name, version }
    : undefined
}

const partsOf = (path: string): Omit<Fqan, 'version'> | undefined => {
  const [first = '', second = '', third = '', ...beyond] = path.split('/')
  if (beyond.length > 0) return undefined
  if (third !== '') return { host: first, handle: second.replace(/^@/, ''), name: third }
  if (second !== '') return { host: '', handle: first, name: second }
  const [name = '', handle = '', top = '', ...rest] = path.split('.')
  return top === 'zynd' && rest.length === 0 ? { host: '', handle, name } : undefined
}
