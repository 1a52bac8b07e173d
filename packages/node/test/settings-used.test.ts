/** The table of settings against the rest of the repository: what is written is current, what is offered is used. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig, propertyName, renderDefaultToml, SETTINGS, splitKey } from '@rollcall/node'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const defaultToml = join(root, 'deploy/config/default.toml')

test('deploy/config/default.toml is what the table says; else run scripts/make-default-config.ts', () => {
  assert.equal(readFileSync(defaultToml, 'utf8'), renderDefaultToml())
})

test('a node with the default file has the configuration of a node with none', () => {
  const withFile = loadConfig({ config: defaultToml, name: 'a' }, {})
  const without = loadConfig({ name: 'a' }, {})
  assert.ok(withFile.ok && without.ok)
  assert.deepEqual(withFile.config, without.config)
})

test('every configuration that is shipped stands', () => {
  const folder = join(root, 'deploy/config')
  const files = readdirSync(folder).filter((name) => name.endsWith('.toml'))
  assert.ok(files.length >= 5)
  for (const name of files) {
    const loaded = loadConfig({ config: join(folder, name) }, {})
    assert.deepEqual(loaded.ok ? [] : loaded.problems, [], name)
  }
})

test('every setting is read outside the configuration itself', () => {
  const folder = join(root, 'packages/node/src')
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('config'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n')
  const unread = SETTINGS.map(({ key }) => key).filter((key) => {
    const [section, name] = splitKey(key)
    return !new RegExp(`\\b${section}\\.${propertyName(name)}\\b`).test(sources)
  })
  assert.deepEqual(unread, [])
})
