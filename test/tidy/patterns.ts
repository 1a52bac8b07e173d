/** Habits that a pattern in one file can show to be broken. */

import type { RepoFile } from '../../scripts/repo.ts'
import { codeOnly, linesOf } from './code.ts'
import { type Finding, isCode, isSource, isTest } from './finding.ts'

/**
 * `sees` says what is searched: `code` is the text without comments and contents of strings, `text` is all of it.
 * `bad` and `good` are samples that the rule must find and must pass: a check that cannot fire protects nothing.
 * A tilde in a sample of a `text` rule is dropped before use, or this very file would be found.
 */
export type PatternRule = {
  name: string
  message: string
  applies: (path: string) => boolean
  sees: 'code' | 'text'
  pattern: RegExp
  sample: { path: string; bad: string[]; good: string[] }
}

const isPure = (path: string): boolean => /^packages\/(?:protocol|core|search)\/src\//.test(path)

export const patternRules: readonly PatternRule[] = [
  {
    name: 'nothing is left for later',
    message: 'do it now or write an issue',
    applies: isCode,
    sees: 'text',
    pattern: new RegExp(`\\b(?:${'TO~DO|FIX~ME|XX~X|HA~CK'.replaceAll('~', '')})\\b`, 'g'),
    sample: { path: 'packages/core/src/a.ts', bad: ['// TO~DO: more', '/* FIX~ME */'], good: ['const todo = 1'] },
  },
  {
    name: 'no test is switched off or run alone',
    message: 'a test that does not run protects nothing',
    applies: isTest,
    sees: 'code',
    pattern: /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\b(?:only|skip|todo):\s*true\b/g,
    sample: {
      path: 'test/a.test.ts',
      bad: ["test.only('a', () => {})", "test('a', { skip: true }, () => {})"],
      good: ["test('skip: true is refused', () => {})"],
    },
  },
  {
    name: 'no error is swallowed',
    message: 'a catch says what it does with the error',
    applies: isCode,
    sees: 'code',
    pattern: /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*(?:\([^)]*\)|\w+)\s*=>\s*(?:\{\s*\}|undefined|null)\s*\)/g,
    sample: {
      path: 'packages/core/src/a.ts',
      bad: ['try { a() } catch {}', 'try { a() } catch (error) {\n  // never mind\n}', 'void a().catch(() => {})'],
      good: ['try { a() } catch (error) {\n  report(error)\n}', 'void a().catch((error) => report(error))'],
    },
  },
  {
    name: 'pure packages know no clock, no chance and no process',
    message: 'time and chance are passed in',
    applies: isPure,
    sees: 'code',
    pattern: /\bDate\.now\b|\bnew Date\(|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bprocess\./g,
    sample: {
      path: 'packages/core/src/a.ts',
      bad: ['const now = Date.now()', 'new Date(0)', 'Math.random()', 'setTimeout(a, 1)', 'process.env.A'],
      good: ['// Date.now() is denied here', 'step(state, events, { nowMs, random })'],
    },
  },
  {
    name: 'the compiler is never told to look away',
    message: 'give it a type, or `unknown` and a check',
    applies: isSource,
    sees: 'code',
    pattern: /(?::|\bas|<|,|\||=>)\s*any\b(?!\s*[(:])/g,
    sample: {
      path: 'packages/core/src/a.ts',
      bad: ['const a: any = 1', 'b as any', 'Map<string, any>', 'const c: any[] = []'],
      good: ['// any node: it may say so', 'const any = 1', 'f({ any: 1 })'],
    },
  },
  {
    name: 'no type error is silenced',
    message: 'mend the type',
    applies: isSource,
    sees: 'text',
    pattern: /@ts-(?:ignore|expect-error|nocheck)\b/g,
    sample: { path: 'packages/core/src/a.ts', bad: ['// @ts-ignore', '// @ts-nocheck'], good: ['// ts-nodes'] },
  },
  {
    name: 'only the command line prints',
    message: 'use the log port',
    applies: (path) => isSource(path) && !path.startsWith('packages/cli/'),
    sees: 'code',
    pattern: /\bconsole\./g,
    sample: { path: 'packages/node/src/a.ts', bad: ['console.log(1)'], good: ['log.info("console.log")'] },
  },
  {
    name: 'tests do not sleep',
    message: 'wait for the event with a deadline, or inject the time',
    applies: isTest,
    sees: 'code',
    pattern:
      /\bsetTimeout\(\s*(?:r|res|resolve|done)\b|=>\s*\{?\s*setTimeout\(\s*(\w+)\s*,\s*[\d_]+\s*\)|\bscheduler\.wait\(/g,
    sample: {
      path: 'test/a.test.ts',
      bad: [
        'await new Promise((resolve) => setTimeout(resolve, ms))',
        'await new Promise((go) => setTimeout(go, 1_000))',
      ],
      good: ['await until(() => node.isReady())', 'clock.advance(1_000)'],
    },
  },
  {
    name: 'tests do not import a sleep',
    message: 'wait for the event with a deadline, or inject the time',
    applies: isTest,
    sees: 'text',
    pattern: /from '(?:node:)?timers\/promises'/g,
    sample: { path: 'test/a.test.ts', bad: ["import { setTimeout } from 'node:timers/prom~ises'"], good: ['timers'] },
  },
]

/** Every place in these files that breaks the rule. */
export function findPattern(rule: PatternRule, files: readonly RepoFile[]): Finding[] {
  return files
    .filter(({ path }) => rule.applies(path))
    .flatMap(({ path, text }) =>
      linesOf(rule.sees === 'code' ? codeOnly(text) : text, rule.pattern).map((line) => ({
        path,
        line,
        message: rule.message,
      })),
    )
}
