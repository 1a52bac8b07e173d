/** deploy/config/default.toml, written from the table of settings. */
import { stringify } from 'smol-toml'
import { splitKey } from './config.ts'
import type { Setting } from './setting.ts'
import { SETTINGS } from './settings.ts'
import { environmentName } from './sources.ts'
import { boundWords } from './values.ts'

const HEAD = `# Every setting of a rollcall node with its default. Written by scripts/make-default-config.ts: change the table in
# packages/node/src/config/settings.ts, not this file.
#
# A flag (--set section.key=value) overrides the environment (ROLLCALL_SECTION_KEY), which overrides the file given with
# --config, which overrides these defaults. An unknown key, a bad value or two that contradict each other stop the start.
`

const LINE_CHARS_MAX = 118

/** A comment of as many lines as it needs. */
const comment = (text: string): string => {
  const lines: string[] = ['#']
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length > LINE_CHARS_MAX && lines.at(-1) !== '#') lines.push(`# ${word}`)
    else lines[lines.length - 1] = line
  }
  return lines.join('\n')
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const entry = (setting: Setting, name: string): string =>
  [
    comment(setting.reason),
    comment(`${capital(boundWords(setting))}. ${environmentName(setting.key)}`),
    stringify({ [name]: setting.default }).trim(),
  ].join('\n')

/** The whole file, ending in a line break. */
export const renderDefaultToml = (): string => {
  const sections = new Map<string, string[]>()
  for (const setting of SETTINGS) {
    const [section, name] = splitKey(setting.key)
    sections.set(section, [...(sections.get(section) ?? []), entry(setting, name)])
  }
  const blocks = [...sections].map(([section, entries]) => `[${section}]\n\n${entries.join('\n\n')}\n`)
  return [HEAD, ...blocks].join('\n')
}
