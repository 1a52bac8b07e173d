/**
 * Ties the rows of docs/zynd-wire.md to the tests that hold them.
 *
 * A row is a list item that begins with its id: `- **Z4.1-post** …`. A test cites it by naming the id in its title. A row is
 * cited by a test or says _not served, because_ why, never both; the table at the end of the page is made from the two.
 */
import type { RepoFile } from '../../../scripts/repo.ts'

export const PAGE = 'docs/zynd-wire.md'
const ID = /Z\d+(?:\.\d+)?-[a-z0-9-]*[a-z0-9]/g
const HEADING = '## Which test holds which row'

export interface Row {
  readonly id: string
  /** Why no node serves it, where that is said. */
  readonly unserved: string | undefined
}

export interface Cited {
  readonly title: string
  readonly path: string
  readonly ids: readonly string[]
}

/** The rows of the page, in its order. A row runs to the next item, blank line or heading. */
export const readRows = (page: string): Row[] => {
  const body = page.split(HEADING)[0] ?? ''
  return body.split(/\n(?=- \*\*Z)/).flatMap((chunk) => {
    const [, id, text = ''] = /^- \*\*(Z[^*]+)\*\*((?:.|\n(?!\n|#|- ))*)/.exec(chunk) ?? []
    if (id === undefined) return []
    const [, unserved] = /_not served, because_\s+([\s\S]*?)\.?\)?$/.exec(text.trim()) ?? []
    return [{ id, unserved: unserved?.replace(/\s+/g, ' ') }]
  })
}

/** Every test of these files, with the rows that its title cites. */
export const readTests = (files: readonly RepoFile[]): Cited[] => {
  const title = /\btest\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(title)].map((match) => {
      const words = (match[2] ?? '').replace(/\$\{[^}]*\}/g, '…')
      return { title: words, path, ids: words.match(ID) ?? [] }
    }),
  )
}

/** What is wrong between rows and tests, one sentence each. */
export const judge = (rows: readonly Row[], tests: readonly Cited[]): string[] => {
  const known = new Map(rows.map((row) => [row.id, row]))
  const cited = new Set(tests.flatMap(({ ids }) => ids))
  const twice = rows.filter(({ id }, at) => rows.findIndex((other) => other.id === id) !== at)
  return [
    ...twice.map(({ id }) => `${PAGE}: row ${id} is written twice`),
    ...rows
      .filter(({ id, unserved }) => unserved === undefined && !cited.has(id))
      .map(({ id }) => `${PAGE}: no test cites row ${id}, and it does not say _not served, because_ why`),
    ...rows
      .filter(({ id, unserved }) => unserved !== undefined && cited.has(id))
      .map(({ id }) => `${PAGE}: row ${id} says that it is not served, and a test cites it`),
    ...tests.filter(({ ids }) => ids.length === 0).map(({ title, path }) => `${path}: "${title}" cites no row`),
    ...tests.flatMap(({ ids, path }) =>
      ids.filter((id) => !known.has(id)).map((id) => `${path}: a title cites ${id}, which ${PAGE} does not have`),
    ),
  ]
}

/** The section of the page that this module writes: each row with its tests, or with why it has none. */
export const renderTable = (rows: readonly Row[], tests: readonly Cited[]): string => {
  const width = Math.max(...rows.map(({ id }) => id.length))
  const lines = rows.map(({ id, unserved }) => {
    const titles = tests
      .filter(({ ids }) => ids.includes(id))
      .map(({ title }) => title.replace(new RegExp(`^(?:${ID.source}(?:, )?)+: `), ''))
    return `${id.padEnd(width)}  ${unserved === undefined ? titles.join(' · ') : `not served, because ${unserved}`}`
  })
  const head = 'Written by `scripts/zynd-table.ts`. Tests are those of `test/zynd`, without the ids in their titles.'
  // As text: a table of Markdown would be padded to its longest cell.
  return [HEADING, '', head, '', '```text', ...lines, '```', ''].join('\n')
}

/** The page with its table made anew. */
export const withTable = (page: string, tests: readonly Cited[]): string =>
  `${(page.split(HEADING)[0] ?? '').trimEnd()}\n\n${renderTable(readRows(page), tests)}`

/** Files whose tests belong to the contract; this module's own test is none of them. */
export const isContractTest = (path: string): boolean =>
  /^test\/zynd\/(?:sections\/[^/]+|[^/]+\.test)\.ts$/.test(path) && path !== 'test/zynd/table.test.ts'
