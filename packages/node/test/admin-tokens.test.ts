import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AdminTokens, listTokens, mintToken, PinoLog, revokeToken } from '@rollcall/node'

const root = mkdtempSync(join(tmpdir(), 'rollcall-tokens-'))
after(() => rmSync(root, { recursive: true }))

const lines: string[] = []
const log = PinoLog.create({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } })

test('a minted token is let in, a revoked one is not, and the file never holds the token', () => {
  const file = join(root, 'deep', 'tokens')
  const tokens = new AdminTokens({ file, log })
  assert.equal(tokens.allows('rca_guess'), false)
  const { token, entry } = mintToken(file, 'for the tests')
  const other = mintToken(file, '')
  assert.equal(tokens.allows(token), true)
  assert.equal(tokens.allows(other.token), true)
  assert.equal(tokens.allows(`${token}x`), false)
  assert.equal(readFileSync(file, 'utf8').includes(token), false)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(
    listTokens(file).map(({ id, note }) => ({ id, note })),
    [
      { id: entry.id, note: 'for the tests' },
      { id: other.entry.id, note: '' },
    ],
  )
  assert.equal(revokeToken(file, entry.id), true)
  assert.equal(revokeToken(file, entry.id), false)
  assert.equal(tokens.allows(token), false)
  assert.equal(tokens.allows(other.token), true)
})

test('a file that cannot be read lets nobody in, and says so once', () => {
  const file = join(root, 'broken')
  const { token } = mintToken(file, '')
  const tokens = new AdminTokens({ file, log })
  assert.equal(tokens.allows(token), true)
  writeFileSync(file, `${readFileSync(file, 'utf8')}not a token\n`)
  assert.equal(tokens.allows(token), false)
  assert.equal(tokens.allows(token), false)
  assert.equal(lines.filter((line) => line.includes('line 2 is not an admin token')).length, 1)
  assert.throws(() => listTokens(file), /broken, line 2 is not an admin token/)
})
