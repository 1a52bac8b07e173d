/**
 * Compares what ARCHITECTURE.md says of the packages with what they are: the table, each package.json, each tsconfig.json
 * and the imports in the sources.
 */

import type { RepoFile } from '../../scripts/repo.ts'
import { codeOnly } from './code.ts'
import { isCode } from './finding.ts'

const scope = '@rollcall/'

/** One row of the table: a package, its level, and the packages of this repository that it depends on. */
export type Row = { name: string; level: number; dependsOn: string[] }

/** What one package declares and does. `imports` are package names, `used` also counts names in plain strings. */
export type Package = {
  name: string
  dependencies: string[]
  devDependencies: string[]
  references: string[]
  imports: string[]
  testImports: string[]
  strays: string[]
  used: ReadonlySet<string>
}

type Manifest = {
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  imports?: Record<string, string | Record<string, string>>
}

/** The rows of the table `| level | package | depends on | … |`; names stand in backquotes. */
export function readTable(document: string): Row[] {
  return [...document.matchAll(/^\| *(\d) *\| *`([\w-]+)` *\|([^|]*)\|/gm)].map(
    ([, level, name = '', dependsOn = '']) => ({
      name,
      level: Number(level),
      dependsOn: [...dependsOn.matchAll(/`([\w-]+)`/g)].map((match) => match[1] ?? ''),
    }),
  )
}

/** The module names that a source imports or re-exports, statically or not; those in comments are none. */
function specifiersOf(text: string): string[] {
  const blanked = /(?:^import|\bfrom|\bimport\()\s*(['"])( *)\1/gm
  return [...codeOnly(text).matchAll(blanked)].map((match) => {
    const end = match.index + match[0].length - 1
    return text.slice(end - (match[2] ?? '').length, end)
  })
}

/** `@scope/name/deep` → `@scope/name`; undefined for a local file or a module of Node. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** What a name such as `#clock` stands for in the `imports` of package.json: a package, or undefined for local files. */
function packageBehind(alias: string, manifest: Manifest): string | undefined {
  const target = manifest.imports?.[alias] ?? {}
  const targets = typeof target === 'string' ? [target] : Object.values(target)
  return targets.map(packageOf).find((name) => name !== undefined)
}

/** True when a relative import of this file leaves the folder of its package. */
function leavesPackage(path: string, specifier: string): boolean {
  if (!specifier.startsWith('.')) return false
  const depthInPackage = path.split('/').length - 3
  return specifier.split('/').filter((part) => part === '..').length > depthInPackage
}

/** Package names that stand in a string, as where a logger is told by name what to load. */
function namesInStrings({ text }: RepoFile): string[] {
  return [...text.matchAll(/['"]([@\w./-]+)['"]/g)].flatMap((match) => packageOf(match[1] ?? '') ?? [])
}

const unique = (names: (string | undefined)[]): string[] =>
  [...new Set(names.filter((name) => name !== undefined))].sort()

/** The package in `packages/FOLDER/`, read from the files of the repository. Throws when its package.json is missing. */
export function readPackage(folder: string, files: readonly RepoFile[]): Package {
  const base = `packages/${folder}/`
  const textOf = (name: string): string => {
    const file = files.find(({ path }) => path === base + name)
    if (file === undefined) throw new Error(`there is no ${base}${name}`)
    return file.text
  }
  const manifest: Manifest = JSON.parse(textOf('package.json'))
  const config: { references?: { path: string }[] } = JSON.parse(textOf('tsconfig.json'))
  const code = files.filter(({ path }) => path.startsWith(base) && isCode(path))
  const tests = code.filter(({ path }) => path.startsWith(`${base}test/`))
  const sources = code.filter((file) => !tests.includes(file))
  const importsOf = (some: readonly RepoFile[]): string[] =>
    unique(
      some
        .flatMap(({ text }) => specifiersOf(text))
        .map((name) => (name.startsWith('#') ? packageBehind(name, manifest) : packageOf(name))),
    )
  return {
    name: folder,
    dependencies: Object.keys(manifest.dependencies ?? {}).sort(),
    devDependencies: Object.keys(manifest.devDependencies ?? {}).sort(),
    references: (config.references ?? []).map(({ path }) => path.replace(/^\.\.\//, '')).sort(),
    imports: importsOf(sources),
    testImports: importsOf(tests),
    strays: sources
      .filter(({ path, text }) => specifiersOf(text).some((specifier) => leavesPackage(path, specifier)))
      .map(({ path }) => path),
    used: new Set([...importsOf(sources), ...sources.flatMap(namesInStrings)]),
  }
}

/** The names of `@rollcall/…` packages among these, without the scope. */
const ours = (names: readonly string[]): string[] =>
  names.filter((name) => name.startsWith(scope)).map((name) => name.slice(scope.length))

const same = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join()

/** Where the table and the packages differ, and where an arrow does not point down. */
export function checkTable(rows: readonly Row[], packages: readonly Package[]): string[] {
  const levels = new Map(rows.map((row) => [row.name, row.level]))
  const listed = rows.map((row) => row.name)
  const folders = packages.map((one) => one.name)
  return [
    ...listed.filter((name) => !folders.includes(name)).map((name) => `the table lists ${name}, which does not exist`),
    ...folders.filter((name) => !listed.includes(name)).map((name) => `the table does not list ${name}`),
    ...packages.flatMap((one) => {
      const row = rows.find(({ name }) => name === one.name)
      const dependencies = ours(one.dependencies)
      if (row === undefined || same(row.dependsOn, dependencies)) return []
      return [`${one.name} depends on ${dependencies.join(', ')}; the table says ${row.dependsOn.join(', ')}`]
    }),
    ...packages.flatMap((one) =>
      ours(one.dependencies)
        .filter((name) => (levels.get(name) ?? Number.POSITIVE_INFINITY) >= (levels.get(one.name) ?? 0))
        .map((name) => `${one.name} depends on ${name}, which is not below it`),
    ),
  ]
}

/** What any package's tests may use: doubles of the ports, and real keys. */
const FOR_TESTS: readonly string[] = ['testkit', 'identity']

/** Where a package does other than it declares. `shared` are the development dependencies of the root. */
export function checkPackage(one: Package, shared: readonly string[]): string[] {
  const dependencies = ours(one.dependencies)
  const forTests = [...one.dependencies, ...one.devDependencies, ...shared, scope + one.name]
  return [
    ...(same(one.references, dependencies)
      ? []
      : [
          `${one.name}: tsconfig references ${one.references.join(', ')}, package.json depends on ${dependencies.join(', ')}`,
        ]),
    ...one.imports
      .filter((name) => name !== scope + one.name && !one.dependencies.includes(name))
      .map((name) => `${one.name} imports ${name} without declaring it`),
    ...one.dependencies
      .filter((name) => !one.used.has(name))
      .map((name) => `${one.name} declares ${name} and never uses it`),
    ...one.testImports
      .filter((name) => !forTests.includes(name))
      .map((name) => `the tests of ${one.name} import ${name} without declaring it`),
    ...ours(one.devDependencies)
      .filter((name) => !FOR_TESTS.includes(name))
      .map((name) => `the tests of ${one.name} may use ${FOR_TESTS.join(' and ')}, not ${name}`),
    ...one.strays.map((path) => `${path} imports a file of another package by its path`),
  ]
}
