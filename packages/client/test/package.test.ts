import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
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

test('the main entry runs in browsers: it reaches no module of Node, and no ws', () => {
  const { files, modules } = reach(join(root, 'src/index.ts'))
  assert.ok(files.size > 15, 'the walk found the package')
  assert.deepEqual([...modules].sort(), ['@rollcall/identity', '@rollcall/protocol'])
})

test('the version that nodes are told is that of the package', () => {
  assert.equal(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version, CLIENT_VERSION)
})
