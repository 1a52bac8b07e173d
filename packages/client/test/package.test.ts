import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { CLIENT_VERSION } from '../src/version.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every file that `entry` reaches by relative imports, and the other modules these files name. */
function reach(entry: string): { files: Set<string>; modules: Set<string> } {
  const files = new Set<string>()
  const modules = new Set<string>()
  const visit = (path: string): void => {
    if (files.has(path)) return
    files.add(path)
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(/^(?:import|export|\}).*? from '([^']+)'/gm)) {
      if (name.startsWith('.')) visit(join(dirname(path), name))
      else modules.add(name)
    }
  }
  visit(entry)
  return { files, modules }
}

const bundle = async (entry: string): Promise<string> => {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    conditions: ['@rollcall/source'],
    logLevel: 'silent',
  })
  assert.deepEqual(warnings, [])
  return outputFiles[0]?.text ?? ''
}

test('the main entry runs in browsers: it reaches no module of Node, and no ws', () => {
  const { files, modules } = reach(join(root, 'src/index.ts'))
  assert.ok(files.size > 15, 'the walk found the package')
  assert.deepEqual([...modules].sort(), ['@rollcall/identity', '@rollcall/protocol'])
})

test('it bundles for browsers with all it depends on, and the fetch-only entry carries no session', async (t) => {
  const [whole, fetchOnly] = await Promise.all([bundle('src/index.ts'), bundle('src/fetch.ts')])
  for (const text of [whole, fetchOnly]) assert.doesNotMatch(text, /["']node:|\brequire\(/)
  assert.match(whole, /\/v1\/session/)
  assert.doesNotMatch(fetchOnly, /\/v1\/session/)
  t.diagnostic(`${Math.round(whole.length / 1024)} KiB, fetch-only ${Math.round(fetchOnly.length / 1024)} KiB`)
})

test('the version that nodes are told is that of the package', () => {
  assert.equal(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version, CLIENT_VERSION)
})
