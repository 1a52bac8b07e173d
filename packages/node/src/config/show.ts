import { propertyName, splitKey } from './config.ts'
import { loadConfig } from './load.ts'
import { SETTINGS } from './settings.ts'
import type { Environment, NodeOptions } from './sources.ts'
import { showValue } from './values.ts'

/** One line of `rollcall node config show`. */
export interface ShownSetting {
  readonly key: string
  /** As a person may see it: what may be a secret is masked. */
  readonly value: string
  /** `default`, `file PATH`, `environment NAME` or `flag --NAME`. */
  readonly source: string
}

/** The configuration does not stand; `problems` says why, one sentence each. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Every setting in the order of the table, with its value and where it comes from.
 * @throws ConfigError when the node would refuse to start with it.
 */
export const showConfig = (options: NodeOptions, environment: Environment = process.env): readonly ShownSetting[] => {
  const loaded = loadConfig(options, environment)
  if (!loaded.ok) throw new ConfigError(loaded.problems)
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = loaded.config
  return SETTINGS.map((setting) => {
    const [section, name] = splitKey(setting.key)
    return {
      key: setting.key,
      value: showValue(setting, sections[section]?.[propertyName(name)]),
      source: loaded.sources.get(setting.key) ?? 'default',
    }
  })
}
