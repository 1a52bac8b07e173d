/** The pages that are made from the code say what the code says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CLIENT_ERRORS } from '@rollcall/client'
import { METRICS } from '@rollcall/core'
import { CLOSE_CODES, ERRORS } from '@rollcall/protocol'
import { madePages } from '../scripts/docs/pages.ts'
import { table } from '../scripts/docs/table.ts'
import { repoRoot } from '../scripts/repo.ts'

const read = (path: string): string => readFileSync(join(repoRoot, path), 'utf8')

describe('a page made from the code is what the code makes', () => {
  for (const [path, render] of Object.entries(madePages)) {
    test(path, async () => {
      assert.ok(read(path) === (await render()), `${path} is out of date; run scripts/make-docs.ts`)
    })
  }
})

test('every error, close code and metric stands in a row of its own', () => {
  const errors = read('docs/errors.md')
  for (const [code, { http, exit }] of Object.entries({ ...ERRORS, ...CLIENT_ERRORS })) {
    assert.match(errors, new RegExp(`^\\| \`${code}\` +\\| ${http === 0 ? '–' : http} +\\| [–\\d]+ +\\| ${exit} `, 'm'))
  }
  for (const [reason, { code }] of Object.entries(CLOSE_CODES)) {
    assert.match(errors, new RegExp(`^\\| ${code} +\\| \`${reason}\` `, 'm'))
  }
  const metrics = read('docs/metrics.md')
  for (const name of Object.keys(METRICS)) assert.ok(metrics.includes(`| \`rollcall_${name}\` `), name)
})

test('a table has columns of one width', () => {
  assert.equal(table(['a', 'b'], [['long', '']]), '| a    | b   |\n| ---- | --- |\n| long |     |')
})
