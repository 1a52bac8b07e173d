/**
 * Everything that `npm test` checks, in this order: types, format and lint, rules, tests, end-to-end tests.
 *
 *   npm test                     all of it
 *   npm test -- gossip e2e/      only the test files whose path contains one of these words, without the other checks
 *
 * Every step runs even when an earlier one failed, so that one run shows all there is to mend. The last line is
 * `tests: N passed, N failed, N skipped`. A run of no tests fails, and so does a test file that holds none: given a folder
 * or a wrong pattern, `node --test` finds nothing and reports success. Hence the explicit list of files.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { listRepo, repoRoot } from './repo.ts'
import { addTotals, conclude, noTotals, type Totals } from './test-totals.ts'

const sources = ['--import', 'tsx', '--conditions=@rollcall/source']
const reporter = new URL('./test-reporter.mjs', import.meta.url)

/**
 * The passes over the test files. Those of Zynd's contract and the end-to-end tests start whole processes, but most of their
 * time is waiting: two files share the machine, with nothing beside them.
 * Node 20 applies `--test-timeout` to a file as a whole: it is the bound for a test that hangs.
 */
const passes = [
  { name: 'tests', kind: 'test', concurrency: 2, fileTimeoutMs: 400_000 },
  { name: "tests of Zynd's contract", kind: 'zynd', concurrency: 2, fileTimeoutMs: 400_000 },
  { name: 'end-to-end tests', kind: 'e2e', concurrency: 2, fileTimeoutMs: 600_000 },
] as const

/** True for the files this run is about. The container tests and the benchmarks have commands of their own. */
export function isTestFile(path: string): boolean {
  return /^(packages\/[^/]+\/)?test\/(?!compose\/|bench\/)(.+\/)?[^/]+\.test\.ts$/.test(path)
}

/** The pass to which a test file belongs. */
export function kindOf(path: string): (typeof passes)[number]['kind'] {
  if (path.startsWith('test/zynd/')) return 'zynd'
  return /^test\/(e2e|browser)\//.test(path) ? 'e2e' : 'test'
}

/** Runs one program of this Node with our standard output, and answers with its exit code. Stopped, it takes the program along. */
function run(args: string[]): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: repoRoot, stdio: 'inherit' })
    const stop = (signal: NodeJS.Signals): void => {
      child.kill(signal)
      process.exit(128 + constants.signals[signal])
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
    child.once('error', fail)
    child.once('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      done(code ?? 1)
    })
  })
}

async function check(name: string, args: string[]): Promise<string[]> {
  console.log(`▶ ${name}`)
  return (await run(args)) === 0 ? [] : [name]
}

/** Runs one pass over its files. A runner that dies leaves no totals behind: that counts as one failure. */
async function runPass(pass: (typeof passes)[number], files: string[]): Promise<Totals> {
  if (files.length === 0) return noTotals()
  console.log(`▶ ${pass.name}: ${files.length} files`)
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-test-'))
  const totalsFile = join(folder, 'totals.json')
  const code = await run([
    ...sources,
    '--test',
    `--test-concurrency=${pass.concurrency}`,
    `--test-timeout=${pass.fileTimeoutMs}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${totalsFile}`,
    ...files,
  ])
  const text = readFileSync(totalsFile, { encoding: 'utf8', flag: 'a+' })
  rmSync(folder, { recursive: true })
  const totals: Totals = text === '' ? noTotals() : JSON.parse(text)
  if (code === 0 || totals.failed > 0) return totals
  return addTotals(totals, {
    ...noTotals(),
    failed: 1,
    failures: [`the runner of ${pass.name} ended with code ${code}`],
  })
}

async function main(filters: string[]): Promise<boolean> {
  const failed: string[] = []
  if (filters.length === 0) {
    failed.push(...(await check('types', ['node_modules/typescript/bin/tsc', '-b'])))
    failed.push(...(await check('format and lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.'])))
    failed.push(...(await check('rules', [...sources, 'scripts/rules.ts'])))
  }
  const wanted = (path: string): boolean => filters.length === 0 || filters.some((part) => path.includes(part))
  const files = listRepo((path) => isTestFile(path) && wanted(path))
  let totals = noTotals()
  for (const pass of passes) {
    totals = addTotals(
      totals,
      await runPass(
        pass,
        files.filter((path) => kindOf(path) === pass.kind),
      ),
    )
  }
  return conclude(totals, failed, console.log)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
}
