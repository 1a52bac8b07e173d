/**
 * What one setting is: its name, its kind, its bounds and why it has the default it has.
 *
 * Everything about a setting is made from this one description: reading it from file, environment and flags, refusing a
 * bad value, `rollcall node config show`, and deploy/config/default.toml.
 */
export type Setting = TextSetting | FlagSetting | NumberSetting | ChoiceSetting | ListSetting

interface Described {
  /** `section.key`, lower case with underscores, unit last. */
  readonly key: `${string}.${string}`
  /** One or two sentences: what it does, and what more or less of it costs. Written into default.toml. */
  readonly reason: string
}

/** How a text must look; `formats.ts` judges it. */
export type Format =
  | 'name_host'
  | 'host_port'
  | 'optional_host_port'
  | 'multiaddr'
  | 'peer_id'
  | 'optional_url'
  | 'origin'

export interface TextSetting extends Described {
  readonly kind: 'text'
  readonly default: string
  readonly format?: Format
  /**
   * The value names a file that holds a secret. It is shown only where such a file exists: otherwise somebody may have
   * put the secret itself there.
   */
  readonly secretFile?: true
}

export interface FlagSetting extends Described {
  readonly kind: 'flag'
  readonly default: boolean
}

/** `integer` takes whole numbers only, `number` fractions too. Both bounds are allowed values. */
export interface NumberSetting extends Described {
  readonly kind: 'integer' | 'number'
  readonly unit: string
  readonly default: number
  readonly min: number
  readonly max: number
}

export interface ChoiceSetting extends Described {
  readonly kind: 'choice'
  readonly default: string
  readonly choices: readonly string[]
}

/** A list of texts: an array in a file, separated by commas in the environment and in flags. */
export interface ListSetting extends Described {
  readonly kind: 'list'
  readonly default: readonly string[]
  readonly format: Format
  readonly max: number
}

export type SettingValue = string | number | boolean | readonly string[]
