/**
 * Ties the rules of packages/protocol/SPEC.md to the tests that hold them.
 *
 * A rule is a list item or a heading that begins with its id: `- **L2** …`, `**L2** …` or `### L2 …`. A test cites a rule
 * by naming its id in its title: `test('L2: an older beat is stale', …)`. This script fails when a rule is cited by no
 * test, unless its text says *not yet built*, and when a test cites an id that the specification does not have.
 *
 *   node --import tsx --conditions=@rollcall/source scripts/rules.ts
 */

import { pathToFileURL } from 'node:url'
import type { RepoFile } from './repo.ts'
import { readRepo } from './repo.ts'

const specPath = 'packages/protocol/SPEC.md'

export type Rule = { id: string; built: boolean }
export type Citation = { id: string; path: string; line: number }

/** Where tests live: test files, and the compliance suites that the testkit offers to the tests of every adapter. */
export function mayCite(path: string): boolean {
  return /\.test\.ts$/.test(path) || /^packages\/testkit\/src\/.*\.ts$/.test(path)
}

/** The rules of a specification in its order. The text of a rule runs to the next rule or heading. */
export function readRules(spec: string): Rule[] {
  const start = /^(?:#{2,6} +|(?:[-*] +)?\*\*)([A-Z]\d{1,2}[a-z]?)\b/
  const rules: { id: string; text: string }[] = []
  let open: { id: string; text: string } | undefined
  for (const line of spec.split('\n')) {
    const id = start.exec(line)?.[1]
    if (id !== undefined) {
      open = { id, text: '' }
      rules.push(open)
    } else if (line.startsWith('#')) open = undefined
    if (open !== undefined) open.text += `${line}\n`
  }
  return rules.map(({ id, text }) => ({ id, built: !/\*not yet built\*/i.test(text) }))
}

/** Every word of a test title in these files that has the form of a rule id. */
export function readCitations(files: readonly RepoFile[]): Citation[] {
  const title = /\b(?:test|it|describe|suite)(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
  const id = /(?<![\w-])[A-Z]\d{1,2}[a-z]?(?!\w)/g
  const citations: Citation[] = []
  for (const { path, text } of files) {
    for (const match of text.matchAll(title)) {
      const line = text.slice(0, match.index).split('\n').length
      for (const [cited] of (match[2] ?? '').matchAll(id)) citations.push({ id: cited, path, line })
    }
  }
  return citations
}

/**
 * What is wrong between the two lists, one sentence each; none when they agree. A word such as `V8`, whose letter begins
 * no rule, is taken for no citation.
 */
export function judge(rules: readonly Rule[], citations: readonly Citation[]): string[] {
  const known = new Set(rules.map((rule) => rule.id))
  const letters = new Set(rules.map((rule) => rule.id.charAt(0)))
  const cited = new Set(citations.map((citation) => citation.id))
  const twice = rules.filter((rule, at) => rules.findIndex((other) => other.id === rule.id) !== at)
  return [
    ...twice.map(({ id }) => `${specPath}: rule ${id} is written twice`),
    ...rules
      .filter((rule) => rule.built && !cited.has(rule.id))
      .map(({ id }) => `${specPath}: no test cites rule ${id}; name it in a title, or mark the rule *not yet built*`),
    ...citations
      .filter(({ id }) => letters.has(id.charAt(0)) && !known.has(id))
      .map(({ id, path, line }) => `${path}:${line}: a title cites ${id}, which ${specPath} does not have`),
  ]
}

function main(): number {
  const [spec] = readRepo((path) => path === specPath)
  if (spec === undefined) {
    console.log(`rules: ${specPath} does not exist yet, nothing to compare`)
    return 0
  }
  const rules = readRules(spec.text)
  const citations = readCitations(readRepo(mayCite))
  const faults = judge(rules, citations)
  if (rules.length === 0) faults.push(`${specPath}: no rule found; each begins a list item as **ID**`)
  for (const fault of faults) console.error(fault)
  const open = rules.filter((rule) => !rule.built).length
  console.log(
    `rules: ${rules.length} rules (${open} not yet built), ${citations.length} citations, ${faults.length} faults`,
  )
  return faults.length === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main()
