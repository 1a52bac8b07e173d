import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** Every module that a file of src/ imports, and those that its own files import in turn. */
const importsOf = (file: string, seen = new Set<string>()): string[] => {
  if (seen.has(file)) return []
  seen.add(file)
  const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8')
  return [...source.matchAll(/from '([^']+)'/g)].flatMap(([, name = '']) =>
    name.startsWith('./') ? importsOf(name.slice(2), seen) : [name],
  )
}

test('the main entry runs in a browser: it imports nothing of Node', () => {
  const imported = [...new Set(importsOf('index.ts'))].sort()
  assert.deepEqual(imported, ['@noble/curves/ed25519.js', '@noble/hashes/sha2.js', '@rollcall/protocol'])
  assert.ok(importsOf('node.ts').includes('node:crypto'))
})
