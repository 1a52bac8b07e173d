/** Where values come from, weakest first: the table's defaults, a TOML file, the environment, flags. */
import { readFileSync } from 'node:fs'
import { parse, TomlError } from 'smol-toml'
import { splitKey } from './config.ts'
import type { Setting } from './setting.ts'
import { SETTINGS, type SettingKey } from './settings.ts'
import { fromText } from './values.ts'

/** A value somebody gave, not yet checked, and who gave it, in words. */
export interface Given {
  readonly setting: Setting & { readonly key: SettingKey }
  readonly raw: unknown
  readonly source: string
}

export interface Gathered {
  readonly given: readonly Given[]
  /** One sentence each. */
  readonly problems: readonly string[]
}

/** The flags of `rollcall node start`. */
export interface NodeOptions {
  /** A TOML file. */
  readonly config?: string
  readonly name?: string
  readonly data?: string
  /** HOST:PORT. */
  readonly http?: string
  /** Multiaddr to listen on. */
  readonly mesh?: string
  /** Multiaddrs to dial. */
  readonly join?: readonly string[]
  /** `section.key=value`; the last of one key counts. */
  readonly set?: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

const settingOf = (key: string): Given['setting'] | undefined => SETTINGS.find((setting) => setting.key === key)

/** The value of a setting from a text, or the sentence that there is no such setting. */
const fromKeyAndText = (key: string, text: string, source: string): Gathered => {
  const setting = settingOf(key)
  if (setting === undefined) return { given: [], problems: [unknownKey(key, source)] }
  return { given: [{ setting, raw: fromText(setting, text), source }], problems: [] }
}

const unknownKey = (key: string, source: string): string => {
  const near = nearest(key)
  return near === undefined
    ? `${key} (${source}) is not a setting.`
    : `${key} (${source}) is not a setting; did you mean ${near}?`
}

/** The setting whose name is fewest edits away, if they are few. */
const nearest = (key: string): string | undefined => {
  const ranked = SETTINGS.map((setting) => ({ key: setting.key, edits: edits(key, setting.key) }))
  const best = ranked.reduce((a, b) => (b.edits < a.edits ? b : a))
  return best.edits <= Math.max(2, key.length / 4) ? best.key : undefined
}

/** Levenshtein's distance, one row at a time. */
const edits = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

const join = (parts: readonly Gathered[]): Gathered => ({
  given: parts.flatMap((part) => part.given),
  problems: parts.flatMap((part) => part.problems),
})

/** What a TOML file sets: tables of sections, nothing else. */
export const fromFile = (path: string): Gathered => {
  const source = `file ${path}`
  let document: Readonly<Record<string, unknown>>
  try {
    document = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return { given: [], problems: [fileProblem(path, error)] }
  }
  return join(
    Object.entries(document).map(([section, table]) => {
      if (typeof table !== 'object' || table === null || Array.isArray(table)) {
        return { given: [], problems: [`${section} (${source}) stands outside a section such as [heartbeat].`] }
      }
      return join(Object.entries(table).map(([name, raw]) => fromEntry(`${section}.${name}`, raw, source)))
    }),
  )
}

const fromEntry = (key: string, raw: unknown, source: string): Gathered => {
  const setting = settingOf(key)
  if (setting === undefined) return { given: [], problems: [unknownKey(key, source)] }
  return { given: [{ setting, raw, source }], problems: [] }
}

const fileProblem = (path: string, error: unknown): string => {
  if (error instanceof TomlError) {
    const [what = ''] = error.message.split('\n')
    return `the configuration file ${path} cannot be read: line ${error.line}, column ${error.column}: ${what.trim()}.`
  }
  return `the configuration file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`
}

const PREFIX = 'ROLLCALL_'

/** `heartbeat.interval_seconds` → `ROLLCALL_HEARTBEAT_INTERVAL_SECONDS`. */
export const environmentName = (key: string): string => PREFIX + key.replace('.', '_').toUpperCase()

const SECTIONS: ReadonlySet<string> = new Set(SETTINGS.map(({ key }) => splitKey(key)[0]))

/**
 * Kubernetes puts the address of every service into the environment of every container: with a service `rollcall-node`
 * there is a ROLLCALL_NODE_SERVICE_HOST that nobody wrote.
 */
const isServiceLink = (variable: string, text: string): boolean =>
  /_SERVICE_(HOST|PORT(_\w+)?)$/.test(variable) ||
  /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(variable) ||
  (variable.endsWith('_PORT') && /^\w+:\/\//.test(text))

/**
 * What the environment sets. A variable that begins like a section but names no setting is refused; other variables
 * with our prefix (`ROLLCALL_REGISTRY_URL`) belong to other programs.
 */
export const fromEnvironment = (environment: Environment): Gathered =>
  join(
    Object.entries(environment).map(([variable, text]) => {
      if (text === undefined || !variable.startsWith(PREFIX)) return { given: [], problems: [] }
      const [section = '', ...rest] = variable.slice(PREFIX.length).toLowerCase().split('_')
      if (!SECTIONS.has(section) || isServiceLink(variable, text)) return { given: [], problems: [] }
      return fromKeyAndText(`${section}.${rest.join('_')}`, text, `environment ${variable}`)
    }),
  )

/** What flags set; `--set` is read last. */
export const fromFlags = (options: NodeOptions): Gathered => {
  const named: readonly (readonly [key: SettingKey, flag: string, text: string | undefined])[] = [
    ['node.name', '--name', options.name],
    ['node.data_dir', '--data', options.data],
    ['http.listen', '--http', options.http],
    ['mesh.listen', '--mesh', options.mesh],
    [
      'mesh.join',
      '--join',
      options.join === undefined || options.join.length === 0 ? undefined : options.join.join(','),
    ],
  ]
  return join([
    ...named.map(([key, flag, text]) =>
      text === undefined ? { given: [], problems: [] } : fromKeyAndText(key, text, `flag ${flag}`),
    ),
    ...(options.set ?? []).map(fromAssignment),
  ])
}

const fromAssignment = (assignment: string): Gathered => {
  const equals = assignment.indexOf('=')
  if (equals < 1) return { given: [], problems: [`--set ${assignment} is not of the form section.key=value.`] }
  return fromKeyAndText(assignment.slice(0, equals).trim(), assignment.slice(equals + 1), 'flag --set')
}
