/** From flags, environment, file and defaults to one checked configuration, or to the sentences that say why not. */
import { hostname } from 'node:os'
import { type Config, toConfig } from './config.ts'
import { contradictions } from './relations.ts'
import type { SettingValue } from './setting.ts'
import { SETTINGS, type SettingKey } from './settings.ts'
import { type Environment, fromEnvironment, fromFile, fromFlags, type NodeOptions } from './sources.ts'
import { boundWords, checkValue, showValue } from './values.ts'

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly sources: ReadonlyMap<SettingKey, string> }
  | { readonly ok: false; readonly problems: readonly string[] }

/**
 * Reads the configuration of a node. Flags override the environment, which overrides the file, which overrides the
 * defaults. Every problem is reported, not only the first.
 */
export const loadConfig = (options: NodeOptions, environment: Environment): LoadedConfig => {
  const gathered = [
    ...(options.config === undefined ? [] : [fromFile(options.config)]),
    fromEnvironment(environment),
    fromFlags(options),
  ]
  const problems = gathered.flatMap((part) => part.problems)
  const values = new Map<SettingKey, SettingValue>(SETTINGS.map((setting) => [setting.key, setting.default]))
  const sources = new Map<SettingKey, string>(SETTINGS.map((setting) => [setting.key, 'default']))
  for (const { setting, raw, source } of gathered.flatMap((part) => part.given)) {
    const value = checkValue(setting, raw)
    if (value === undefined) {
      problems.push(`${setting.key} is ${showValue(setting, raw)} (${source}); it must be ${boundWords(setting)}.`)
      continue
    }
    values.set(setting.key, value)
    sources.set(setting.key, source)
  }
  if (values.get('node.name') === '') values.set('node.name', hostname())
  const config = toConfig(values)
  if (problems.length === 0) problems.push(...contradictions(config))
  return problems.length === 0 ? { ok: true, config, sources } : { ok: false, problems }
}
