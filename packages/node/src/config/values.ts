/** One value against its setting: from text (environment, flags) or from TOML. */
import { existsSync } from 'node:fs'
import { FORMATS } from './formats.ts'
import type { ListSetting, NumberSetting, Setting, SettingValue } from './setting.ts'

const TEXT_CHARS_MAX = 4096

/** What a setting must be, to complete "it must be …". */
export const boundWords = (setting: Setting): string => {
  switch (setting.kind) {
    case 'flag':
      return 'true or false'
    case 'integer':
    case 'number': {
      const kind = setting.kind === 'integer' ? 'a whole number' : 'a number'
      return `${kind} of ${setting.unit} from ${setting.min} to ${setting.max}`
    }
    case 'choice':
      return `one of ${setting.choices.join(', ')}`
    case 'list':
      return `a list of at most ${setting.max}, each ${FORMATS[setting.format].words}`
    case 'text':
      return setting.format === undefined
        ? `a text of at most ${TEXT_CHARS_MAX} characters`
        : FORMATS[setting.format].words
  }
}

/** The typed form of a text, still unchecked: `"30"` becomes 30 where a number is wanted, and stays text where it is none. */
export const fromText = (setting: Setting, text: string): unknown => {
  if (setting.kind === 'list') return text.trim() === '' ? [] : text.split(',').map((part) => part.trim())
  if (setting.kind === 'flag') return text === 'true' ? true : text === 'false' ? false : text
  if (setting.kind !== 'integer' && setting.kind !== 'number') return text
  return /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text.trim()) ? Number(text) : text
}

/** The value if it is one that the setting allows, else undefined. */
export const checkValue = (setting: Setting, raw: unknown): SettingValue | undefined => {
  switch (setting.kind) {
    case 'flag':
      return typeof raw === 'boolean' ? raw : undefined
    case 'integer':
    case 'number':
      return checkNumber(setting, raw)
    case 'choice':
      return typeof raw === 'string' && setting.choices.includes(raw) ? raw : undefined
    case 'list':
      return checkList(setting, raw)
    case 'text':
      if (typeof raw !== 'string' || raw.length > TEXT_CHARS_MAX) return undefined
      return setting.format === undefined || FORMATS[setting.format].holds(raw) ? raw : undefined
  }
}

const checkNumber = (setting: NumberSetting, raw: unknown): number | undefined => {
  if (typeof raw !== 'number' || !(raw >= setting.min && raw <= setting.max)) return undefined
  return setting.kind === 'number' || Number.isInteger(raw) ? raw : undefined
}

const checkList = (setting: ListSetting, raw: unknown): readonly string[] | undefined => {
  if (!Array.isArray(raw) || raw.length > setting.max) return undefined
  const items = raw.filter((item): item is string => typeof item === 'string' && FORMATS[setting.format].holds(item))
  return items.length === raw.length ? items : undefined
}

const SHOWN_CHARS_MAX = 200

/** The value as it may be shown to a person: secrets masked, nothing endless. */
export const showValue = (setting: Setting, value: unknown): string => {
  if (setting.kind === 'text' && setting.secretFile === true && value !== '') {
    return typeof value === 'string' && existsSync(value) ? value : '********'
  }
  const text = typeof value === 'string' && setting.kind !== 'list' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text
}
