/**
 * The table of lessons and the tests agree: every lesson has rows, every row names tests that exist and bear the name of
 * the lesson, and every test that bears one stands in the table.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readRepo } from '../scripts/repo.ts'
import { isTestFile } from '../scripts/test.ts'

const LESSONS: readonly string[] = [
  'Liveness that lies',
  'Fencing',
  'Offline forever',
  'Divergence between nodes',
  'The registrar dies',
  'Mass false death',
  'Mass restart',
  'Zombies',
  'Deregistered but still working',
  'Close codes that arrive as connection error',
  'A 503 that then ran',
  'Audit that only says yes',
  'Version banners that cry wolf',
  'Toy servers in tests',
]

/** A test as the table names it, and as a file holds it. */
interface Named {
  readonly path: string
  readonly title: string
}

interface Row extends Named {
  readonly lesson: string
}

/** Every test that the table names. One row may name several, parted by `<br>`. */
function readRows(page: string): Row[] {
  let lesson = ''
  return page.split('\n').flatMap((line) => {
    lesson = /^## (.+)$/.exec(line)?.[1] ?? lesson
    const held = /^\| .+ \| (`.+) \|$/.exec(line)?.[1]?.trim()
    return (held?.split('<br>') ?? []).map((entry) => {
      const [, path = '', title = ''] = /^\s*`([^`]+)`: (.+?)\s*$/.exec(entry) ?? []
      return { lesson, path, title }
    })
  })
}

/** The titles of the tests and suites of a file, templates as they are written. */
function titlesIn(text: string): string[] {
  const title = /\b(?:test|it|describe)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
  return [...text.matchAll(title)].map(([, , words = '']) => words.replaceAll("\\'", "'"))
}

const bears = (title: string, lesson: string): boolean =>
  title.startsWith(lesson) && /^[:,]/.test(title.slice(lesson.length))

/** What is wrong between the table and the tests, one sentence each. */
function judge(rows: readonly Row[], tests: readonly Named[], lessons = LESSONS): string[] {
  const key = ({ path, title }: Named): string => `${path}: ${title}`
  const [held, tabled] = [new Set(tests.map(key)), new Set(rows.map(key))]
  return [
    ...lessons.filter((name) => !rows.some(({ lesson }) => lesson === name)).map((name) => `${name}: has no row`),
    ...rows.filter((row) => !held.has(key(row))).map((row) => `${row.lesson}: there is no test ${key(row)}`),
    ...rows
      .filter((row) => !bears(row.title, row.lesson))
      .map((row) => `${key(row)} does not begin with ${row.lesson}`),
    ...tests
      .filter((one) => lessons.some((lesson) => bears(one.title, lesson)) && !tabled.has(key(one)))
      .map((one) => `${key(one)}: stands in no row`),
  ]
}

const sources = readRepo((path) => isTestFile(path) || path === 'docs/lessons.md')

describe('the table of lessons', () => {
  test('names tests that exist, for every lesson, and every test that bears the name of one', () => {
    const page = sources.find(({ path }) => path === 'docs/lessons.md')?.text ?? ''
    const tests = sources.flatMap(({ path, text }) => titlesIn(text).map((title) => ({ path, title })))
    assert.deepEqual(judge(readRows(page), tests), [])
  })

  test('its check fires on a lesson without rows, a test that is gone, one of another name and one that is missing', () => {
    const rows = readRows('## Fencing\n| A. | `a.test.ts`: Fencing: one<br>`a.test.ts`: Other: two |\n')
    const tests = ['Fencing, L7: three', 'Other: two'].map((title) => ({ path: 'a.test.ts', title }))
    assert.deepEqual(judge(rows, tests, ['Fencing', 'Zombies']), [
      'Zombies: has no row',
      'Fencing: there is no test a.test.ts: Fencing: one',
      'a.test.ts: Other: two does not begin with Fencing',
      'a.test.ts: Fencing, L7: three: stands in no row',
    ])
  })

  test('titles are read in every quotation, over lines too', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a title as a file writes it
    const text = "test(\n  `a ${b}`, () => {})\nit(\"c\", d)\n  await t.test('e\\'s', f)\n"
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a title as a file writes it
    assert.deepEqual(titlesIn(text), ['a ${b}', 'c', "e's"])
  })
})

/** What would speak the protocol in the place of a node: a server of sockets or routes, or a part of the product by itself. */
const STAND_INS = /\b(?:WebSocketServer|fastify|createGateway|createRuntime|createMesh|startNode)\b/i

test('Toy servers in tests: the end-to-end tests start the command that ships, and nothing in its place', () => {
  const ends = readRepo((path) => /^test\/e2e\/.+\.ts$/.test(path))
  assert.deepEqual(
    ends.filter(({ text }) => STAND_INS.test(text)).map(({ path }) => path),
    [],
  )
  const starts = ends.find(({ path }) => path === 'test/e2e/support/node-process.ts')?.text ?? ''
  assert.match(starts, /packages\/cli\/bin\/rollcall\.js/)
})
