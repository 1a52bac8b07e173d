/** What the Markdown files say of the repository must be so. */

import type { RepoFile } from '../../scripts/repo.ts'
import type { Finding } from './finding.ts'

const settingsPath = 'packages/node/src/config/settings.ts'

/** What documents may refer to: paths of files and folders, npm scripts, and settings such as `mesh.listen`. */
export type Facts = { paths: ReadonlySet<string>; scripts: ReadonlySet<string>; settings: ReadonlySet<string> }

/** The facts of a repository with these files. */
export function gatherFacts(files: readonly RepoFile[]): Facts {
  const paths = new Set<string>()
  for (const { path } of files) {
    const parts = path.split('/')
    for (let length = 1; length <= parts.length; length += 1) paths.add(parts.slice(0, length).join('/'))
  }
  const manifest = files.find(({ path }) => path === 'package.json')?.text ?? '{}'
  const { scripts = {} }: { scripts?: Record<string, string> } = JSON.parse(manifest)
  const table = files.find(({ path }) => path === settingsPath)?.text ?? ''
  const settings = new Set([...table.matchAll(/\bkey: '(\w+\.\w+)'/g)].map((match) => match[1] ?? ''))
  return { paths, scripts: new Set(Object.keys(scripts)), settings }
}

/** A path as written in a document of the folder `from`, resolved from the root; undefined when it leads outside. */
function resolvePath(from: string, target: string): string | undefined {
  const parts = target.startsWith('/') ? [] : from.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '' && part !== '.' && part !== '..') parts.push(part)
  }
  return parts.join('/')
}

/** The anchor that a Markdown heading gets: lower case, words joined by hyphens, punctuation dropped. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Every match of the pattern's first group in the Markdown files. */
function mentions(files: readonly RepoFile[], pattern: RegExp): { path: string; line: number; name: string }[] {
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(pattern)].map((match) => ({
        path,
        line: text.slice(0, match.index).split('\n').length,
        name: match[1] ?? '',
      })),
    )
}

/** Links to local files and headings that lead nowhere. */
export function deadLinks(files: readonly RepoFile[], facts: Facts): Finding[] {
  return mentions(files, /\]\(([^()\s]+)\)/g).flatMap(({ path, line, name }) => {
    if (/^[a-z]+:/.test(name)) return []
    const [file = '', anchor] = name.split('#')
    const found = file === '' ? path : resolvePath(path, file)
    if (found === undefined || !facts.paths.has(found))
      return [{ path, line, message: `the link ${name} leads nowhere` }]
    const landing = files.find((document) => document.path === found && found.endsWith('.md'))
    if (anchor === undefined || landing === undefined || anchorsOf(landing.text).includes(anchor)) return []
    return [{ path, line, message: `the link ${name} names no heading` }]
  })
}

/** Paths in backquotes, such as `scripts/test.ts`, that do not exist. Patterns and placeholders are no paths. */
export function deadPaths(files: readonly RepoFile[], facts: Facts): Finding[] {
  return mentions(files, /`((?:packages|scripts|test|deploy|docs|\.ci)\/[\w./-]*)`/g)
    .filter(({ name }) => !facts.paths.has(name.replace(/\/$/, '')))
    .map(({ path, line, name }) => ({ path, line, message: `there is no ${name}` }))
}

/** `npm run NAME` where package.json has no such script. */
export function deadCommands(files: readonly RepoFile[], facts: Facts): Finding[] {
  return mentions(files, /\bnpm run ([\w:-]+)/g)
    .filter(({ name }) => !facts.scripts.has(name))
    .map(({ path, line, name }) => ({ path, line, message: `package.json has no script ${name}` }))
}

/** A setting in backquotes, alone or with a value, that the configuration does not know. */
export function deadSettings(files: readonly RepoFile[], facts: Facts): Finding[] {
  const sections = [...new Set([...facts.settings].map((key) => key.split('.')[0]))]
  return mentions(files, new RegExp(`\`((?:${sections.join('|')})\\.[a-z_]+)(?: = [^\`]*)?\``, 'g'))
    .filter(({ name }) => !facts.settings.has(name) && !/\.(?:ts|mjs|json|toml)$/.test(name))
    .map(({ path, line, name }) => ({ path, line, message: `there is no setting ${name}` }))
}
