/** The vectors of the protocol, checked by an implementation in another language that shares no line with ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { repoRoot } from '../scripts/repo.ts'

const VECTORS = join(repoRoot, 'packages/protocol/vectors')
const CHECK = join(repoRoot, 'test/vectors/check.py')
const MISSING = 'python3 is not installed, so the vectors were not checked by a second implementation'

const python = (...args: string[]) => spawnSync('python3', args, { encoding: 'utf8' })
const hasPython = python('--version').status === 0

test('I1, I2, I3: Python finds every vector as it should be', (t) => {
  if (!hasPython) return t.skip(MISSING)
  const { status, stdout, stderr } = python(CHECK, VECTORS)
  for (const line of stdout.trim().split('\n')) t.diagnostic(line)
  assert.deepEqual([status, stderr], [0, ''])
  for (const group of [
    'canonical JSON',
    'ids',
    'derivation',
    'edges of Ed25519',
    'zynd signatures',
    'native signatures',
  ]) {
    assert.match(stdout, new RegExp(`^${group}: [1-9]\\d* checked$`, 'm'))
  }
})

test('and it notices a vector that is wrong, in each file', (t) => {
  if (!hasPython) return t.skip(MISSING)
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-vectors-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const changes: Readonly<Record<string, readonly [string, string]>> = {
    'canonical-json.json': ['& < >', '&amp; < >'],
    'ids.json': ['zns:svc:3', 'zns:svc:4'],
    'derivation.json': ['717efd8b', '717efd8c'],
    'ed25519-edge.json': ['"valid": true', '"valid": false'],
    'signatures.json': ['7b226361', '7b226362'],
  }
  for (const [name, [from, to]] of Object.entries(changes)) {
    cpSync(VECTORS, folder, { recursive: true })
    const text = readFileSync(join(folder, name), 'utf8')
    assert.ok(text.includes(from), name)
    writeFileSync(join(folder, name), text.replace(from, to))
    const { status, stderr } = python(CHECK, folder)
    assert.equal(status, 1, name)
    assert.match(stderr, /^FAULT /)
  }
})
