/** Options that several commands share, and the readers of their values. */
import type { EntityFields } from '@rollcall/client'
import { type EntityId, type EntityType, PROFILE_FIELDS, parseEntityId } from '@rollcall/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from './failure.ts'

/** Reader of a repeatable option. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const count = (text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

export const entityId = (text: string): EntityId => {
  const id = parseEntityId(text)
  if (id === undefined) throw new InvalidArgumentError('An entity id is zns: or zns:svc: and 32 hexadecimal digits.')
  return id
}

export const typeOption = (): Option => new Option('--type <type>', 'what the entity is').choices(['agent', 'service'])

/** What `register` and `run` are told of an entity. */
export interface ProfileOptions {
  readonly name?: string
  readonly url?: string
  readonly category?: string
  readonly tags?: string
  readonly summary?: string
  readonly type?: EntityType
  readonly set?: readonly string[]
  readonly developerKey?: string
  readonly index?: number
}

export const withProfileOptions = (command: Command): Command =>
  command
    .option('--name <name>', 'name to be found by')
    .option('--url <url>', 'where the entity answers')
    .option('--category <word>', 'kind of work it does')
    .option('--tags <a,b>', 'words to be found by, separated by commas')
    .option('--summary <text>', 'what it does, in a sentence')
    .addOption(typeOption())
    .option('--set <field=value>', 'any other field of the record; repeatable', collect)
    .option('--developer-key <file>', 'key of the developer who vouches for the entity')
    .option('--index <n>', 'index of the entity key under the developer key (default: that of the key file)', count)

/** The fields of a record that the options name; those not given are absent. */
export const profileFields = (options: ProfileOptions): EntityFields => {
  const { name, url, category, tags, summary } = options
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { entity_url: url }),
    ...(category === undefined ? {} : { category }),
    ...(tags === undefined ? {} : { tags: words(tags) }),
    ...(summary === undefined ? {} : { summary }),
    ...assignments(options.set),
  }
}

/**
 * `field=value` as the record holds it: a list of words for tags, JSON for pricing and capabilities, else the text. An
 * empty value removes an optional field. @throws UsageError
 */
export const assignments = (texts: readonly string[] = []): EntityFields => Object.fromEntries(texts.map(assignment))

const assignment = (text: string): readonly [string, unknown] => {
  const equals = text.indexOf('=')
  const field = text.slice(0, Math.max(0, equals))
  const value = text.slice(equals + 1)
  if (!(PROFILE_FIELDS as readonly string[]).includes(field)) {
    throw new UsageError(`--set ${text} names no field; the fields are ${PROFILE_FIELDS.join(', ')}.`)
  }
  if (field === 'tags') return [field, words(value)]
  if (field !== 'entity_pricing' && field !== 'capability_summary') return [field, value]
  try {
    return [field, value === '' ? null : JSON.parse(value)]
  } catch (error) {
    throw new UsageError(`--set ${field} is not JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
}

export const words = (text: string): readonly string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
