/** The settings of a node as code reads them: `heartbeat.interval_seconds` is `config.heartbeat.intervalSeconds`. */
import type { SettingValue } from './setting.ts'
import { SETTINGS, type SettingKey } from './settings.ts'

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S
type Known = (typeof SETTINGS)[number]
type Section = SettingKey extends `${infer S}.${string}` ? S : never
type ValueOf<S extends Known> = S extends { kind: 'flag' }
  ? boolean
  : S extends { kind: 'integer' | 'number' }
    ? number
    : S extends { kind: 'list' }
      ? readonly string[]
      : S extends { choices: readonly (infer C)[] }
        ? C
        : string

export type Config = {
  readonly [S in Section]: {
    readonly [K in Known as K['key'] extends `${S}.${infer Name}` ? Camel<Name> : never]: ValueOf<K>
  }
}

/** `inactive_threshold_seconds` → `inactiveThresholdSeconds`. */
export const propertyName = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** `heartbeat.interval_seconds` → its section and name. */
export const splitKey = (key: string): readonly [section: string, name: string] => {
  const dot = key.indexOf('.')
  return [key.slice(0, dot), key.slice(dot + 1)]
}

/** The nested form of checked values. Every setting of the table must have one. */
export const toConfig = (values: ReadonlyMap<SettingKey, SettingValue>): Config => {
  const sections: Record<string, Record<string, SettingValue>> = {}
  for (const { key } of SETTINGS) {
    const value = values.get(key)
    if (value === undefined) throw new Error(`there is no value for ${key}`)
    const [section, name] = splitKey(key)
    sections[section] = { ...sections[section], [propertyName(name)]: value }
  }
  // The loop follows the table from which the type is made.
  return sections as Config
}
