/**
 * Reads the repository and holds it to the habits of CONTRIBUTING.md. Beside each check stands a sample that it must find:
 * a check that cannot fire protects nothing.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { describeProgram } from '@rollcall/cli'
import { type RepoFile, readRepo } from '../scripts/repo.ts'
import { codeOnly } from './tidy/code.ts'
import { deadCalls, misuse } from './tidy/commands.ts'
import { deadCommands, deadLinks, deadPaths, deadSettings, gatherFacts } from './tidy/documents.ts'
import { type Check, describeFindings, type Finding } from './tidy/finding.ts'
import { findPattern, patternRules } from './tidy/patterns.ts'
import { fileSize, functionSize } from './tidy/size.ts'

const files = readRepo(() => true)
const facts = gatherFacts(files)

function assertNone(findings: Finding[]): void {
  assert.equal(findings.length, 0, `\n${describeFindings(findings)}`)
}

/** The messages of a check on one sample file. */
function messagesOf(check: Check, path: string, text: string): string {
  return describeFindings(check([{ path, text }]))
}

test('a search of code does not see comments, strings, templates and patterns', () => {
  const text = `a // b\n/* c\n*/ d = \`e \${f({ g: \`h\` })} i\` + 'j' / k, /[/]l\`/.m("n\\"o")`
  const seen = `a d = \` \${f({ g: \` \` })} \` + ' ' / k, .m(" ")`
  assert.equal(codeOnly(text).replaceAll(/\s+/g, ' '), seen)
  assert.equal(codeOnly(text).length, text.length)
})

describe('sizes', () => {
  const body = (lines: number): string => '  a()\n'.repeat(lines)

  test('no file is longer than 500 lines', () => assertNone(fileSize(files)))
  test('no function is longer than 70 lines', () => assertNone(functionSize(files)))

  test('the cap on files fires at 501 lines and not at 500', () => {
    assert.match(messagesOf(fileSize, 'a.ts', 'a\n'.repeat(501)), /501 lines/)
    assert.equal(messagesOf(fileSize, 'a.ts', 'a\n'.repeat(500)), '')
  })

  test('the cap on functions fires at 71 lines and not at 70, whatever the form of the function', () => {
    const heads = [
      'function f(): void {',
      'export async function f(\n  a: string,\n): Promise<{ b: number }> {',
      'const f = (a: string): void => {',
      'call(a, async () => {',
    ]
    for (const head of heads) {
      const headLines = head.split('\n').length
      assert.match(messagesOf(functionSize, 'a.ts', `${head}\n${body(70 - headLines)}}\n`), /a\.ts:1: a function of 71/)
      assert.equal(messagesOf(functionSize, 'a.ts', `${head}\n${body(69 - headLines)}}\n`), '')
    }
    const method = `class A {\n  async f(a: string): Promise<void> {\n${body(69).replaceAll('  a', '    a')}  }\n}\n`
    assert.match(messagesOf(functionSize, 'a.ts', method), /a\.ts:2: a function of 71/)
  })

  test('long objects, classes and lists of tests are no long functions', () => {
    assert.equal(messagesOf(functionSize, 'a.ts', `const a = {\n${body(90)}}\n`), '')
    assert.equal(messagesOf(functionSize, 'a.ts', `class A {\n${body(90)}}\n`), '')
    assert.equal(messagesOf(functionSize, 'a.ts', `describe('a', () => {\n${"  test('b', c)\n".repeat(90)}})\n`), '')
    assert.equal(messagesOf(functionSize, 'a.ts', `if (\n  a\n) {\n${body(90)}}\n`), '')
  })
})

for (const rule of patternRules) {
  describe(rule.name, () => {
    const sample = (text: string): RepoFile[] => [
      { path: rule.sample.path, text: rule.sees === 'text' ? text.replace('~', '') : text },
    ]
    test('holds in the repository', () => assertNone(findPattern(rule, files)))
    for (const bad of rule.sample.bad) {
      test(`fires on ${JSON.stringify(bad)}`, () => assert.equal(findPattern(rule, sample(bad)).length, 1))
    }
    for (const good of rule.sample.good) {
      test(`passes ${JSON.stringify(good)}`, () => assert.deepEqual(findPattern(rule, sample(good)), []))
    }
  })
}

describe('documents', () => {
  const at = (text: string): RepoFile[] => [
    { path: 'docs/a.md', text },
    { path: 'README.md', text: '# Two commands\n' },
    { path: 'package.json', text: '{"scripts":{"cluster":"x"}}' },
    { path: 'packages/node/src/config/settings.ts', text: "[{ key: 'mesh.listen' }]" },
  ]
  const findIn = (check: typeof deadLinks, text: string): number => check(at(text), gatherFacts(at(text))).length

  test('every link to a file or heading leads there', () => assertNone(deadLinks(files, facts)))
  test('every path in backquotes exists', () => assertNone(deadPaths(files, facts)))
  test('every npm script named exists', () => assertNone(deadCommands(files, facts)))
  test('every setting named exists', () => {
    assert.ok(facts.settings.size > 20, 'the settings were not found where they are declared')
    assertNone(deadSettings(files, facts))
  })

  test('every call of the command is one it understands', () => assertNone(deadCalls(files, describeProgram())))

  test('the check of calls fires on an unknown verb, option and option of another verb', () => {
    const program = describeProgram()
    for (const good of [
      'node config show --set a.b=c',
      'run --name x -- ls --colour',
      'search a b --json',
      'node --help',
    ]) {
      assert.equal(misuse(program, good), undefined, good)
    }
    for (const bad of ['dance', 'node dance', 'search --colour red', 'info ID --limit 3', 'keys new --index=2']) {
      assert.notEqual(misuse(program, bad), undefined, bad)
    }
    const text = 'Say `rollcall dance`.\n\n```sh\nnpx rollcall info ID --colour   # asks\nnpx rollcall info ID\n```\n'
    assert.deepEqual(
      deadCalls(at(text), program).map(({ line }) => line),
      [1, 4],
    )
  })

  test('the check of links fires on a missing file, a missing heading and a way out', () => {
    assert.equal(findIn(deadLinks, '[a](../README.md#two-commands) [b](https://example.org/c)'), 0)
    assert.equal(findIn(deadLinks, '[a](../missing.md) [b](../README.md#three) [c](../../d.md)'), 3)
  })
  test('the check of paths fires on a missing one', () => {
    assert.equal(findIn(deadPaths, '`docs/a.md` and `docs/`, `packages/*/test`'), 0)
    assert.equal(findIn(deadPaths, '`docs/b.md`'), 1)
  })
  test('the check of npm scripts fires on a missing one', () => {
    assert.equal(findIn(deadCommands, '`npm run cluster -- --fresh`'), 0)
    assert.equal(findIn(deadCommands, '`npm run clusters`'), 1)
  })

  test('the check of settings fires on an unknown one', () => {
    assert.equal(findIn(deadSettings, '`mesh.listen`, `mesh.listen = "x"`, `mesh.ts`'), 0)
    assert.equal(findIn(deadSettings, '`mesh.lisen`'), 1)
  })
})
