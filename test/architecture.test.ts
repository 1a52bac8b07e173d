/** ARCHITECTURE.md draws the packages and their arrows; these tests hold the drawing and the code together. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRepo } from '../scripts/repo.ts'
import { checkPackage, checkTable, type Package, readPackage, readTable } from './tidy/architecture.ts'
import { checkLockfile } from './tidy/lockfile.ts'

const files = readRepo((path) => /^packages\/[^/]+\/|^[^/]+$/.test(path) && /\.(?:ts|tsx|js|mjs|json|md)$/.test(path))
const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? ''
const folders = [...new Set(files.map(({ path }) => /^packages\/([^/]+)\//.exec(path)?.[1] ?? ''))].filter(Boolean)
const packages = folders.map((folder) => readPackage(folder, files))

test('the table in ARCHITECTURE.md is what the packages declare, and every arrow points down', () => {
  assert.equal(checkTable(readTable(textOf('ARCHITECTURE.md')), packages).join('\n'), '')
})

test('every package imports what it declares, declares what it imports, and builds after what it depends on', () => {
  const { devDependencies }: { devDependencies: object } = JSON.parse(textOf('package.json'))
  const faults = packages.flatMap((one) => checkPackage(one, Object.keys(devDependencies)))
  assert.equal(faults.join('\n'), '')
})

test('the build at the root knows every package', () => {
  const { references }: { references: { path: string }[] } = JSON.parse(textOf('tsconfig.json'))
  const expected = [...folders.map((folder) => `./packages/${folder}`), './test']
  assert.deepEqual(references.map(({ path }) => path).sort(), expected.sort())
})

test('the lockfile names every dependency, those of other machines included', () => {
  const manifests = files.filter(({ path }) => /(?:^|\/)package\.json$/.test(path))
  assert.equal(checkLockfile(textOf('package-lock.json'), manifests).join('\n'), '')
})

test('the check of the lockfile fires on a dependency that differs and on one it lacks', () => {
  const manifests = [{ path: 'packages/store/package.json', text: '{"dependencies":{"level":"1.0.0"}}' }]
  const faultsOf = (packages: object): string => checkLockfile(JSON.stringify({ packages }), manifests).join('; ')
  assert.equal(faultsOf({ 'packages/store': { dependencies: { level: '1.0.0' } }, 'node_modules/level': {} }), '')
  assert.match(
    faultsOf({ 'packages/store': { dependencies: { level: '2.0.0' } } }),
    /differs from packages\/store\/package\.json/,
  )
  const level = { optionalDependencies: { 'level-darwin': '1.0.0' } }
  const lock = { 'packages/store': { dependencies: { level: '1.0.0' } }, 'node_modules/level': level }
  assert.match(faultsOf(lock), /lacks level-darwin, which node_modules\/level needs/)
})

const sound: Package = {
  name: 'store',
  dependencies: ['@rollcall/core', 'level'],
  devDependencies: ['@rollcall/testkit'],
  references: ['core'],
  imports: ['@rollcall/core', 'level'],
  testImports: ['@rollcall/store', '@rollcall/testkit', 'fast-check'],
  strays: [],
  used: new Set(['@rollcall/core', 'level']),
}
const core: Package = {
  name: 'core',
  dependencies: [],
  devDependencies: [],
  references: [],
  imports: [],
  testImports: [],
  strays: [],
  used: new Set(),
}
const table = '| level | package | depends on |\n|--:|---|---|\n| 1 | `core` | – |\n| 2 | `store` | `core` |\n'

test('the comparison of table and packages fires on each kind of difference', () => {
  const faultsOf = (document: string, some: Package[]): string => checkTable(readTable(document), some).join('; ')
  assert.equal(faultsOf(table, [core, sound]), '')
  assert.match(faultsOf(table, [sound]), /lists core, which does not exist/)
  assert.match(faultsOf(table, [core, sound, { ...core, name: 'extra' }]), /does not list extra/)
  assert.match(
    faultsOf(table.replace('| `core` |\n', '| – |\n'), [core, sound]),
    /store depends on core; the table says/,
  )
  assert.match(faultsOf(table.replace('| 1 |', '| 2 |'), [core, sound]), /store depends on core, which is not below it/)
})

test('the check of a package fires on each kind of difference', () => {
  const faultsOf = (change: Partial<Package>): string =>
    checkPackage({ ...sound, ...change }, ['fast-check']).join('; ')
  assert.equal(faultsOf({}), '')
  assert.match(faultsOf({ references: [] }), /tsconfig references/)
  assert.match(faultsOf({ imports: ['ws'] }), /imports ws without declaring it/)
  assert.match(faultsOf({ used: new Set(['@rollcall/core']) }), /declares level and never uses it/)
  assert.match(faultsOf({ testImports: ['ws'] }), /tests of store import ws without declaring it/)
  assert.match(faultsOf({ devDependencies: ['@rollcall/gateway'] }), /may use testkit and identity, not gateway/)
  assert.match(faultsOf({ strays: ['packages/store/src/a.ts'] }), /by its path/)
})

test('imports are read in every form, and not from comments', () => {
  const source = [
    "import {\n  a,\n} from '@rollcall/core'",
    "import 'level'",
    "export type { B } from '@rollcall/core/deep'",
    "const ws = await import('ws')",
    "import { c } from '../../other/src/c.ts'",
    "/** import { d } from 'commander' */",
    "const e = 'pino-pretty'",
    "import { f } from '#filters'",
  ]
  const text = '{"imports":{"#filters":{"types":"./src/f.d.ts","default":"bloom-filters"}}}'
  const manifest = { path: 'packages/store/package.json', text }
  const config = { path: 'packages/store/tsconfig.json', text: '{"references":[{"path":"../core"}]}' }
  const read = readPackage('store', [manifest, config, { path: 'packages/store/src/a.ts', text: source.join('\n') }])
  assert.deepEqual(read.imports, ['@rollcall/core', 'bloom-filters', 'level', 'ws'])
  assert.deepEqual(read.strays, ['packages/store/src/a.ts'])
  assert.deepEqual(read.references, ['core'])
  assert.ok(read.used.has('pino-pretty'))
})
