/**
 * Writes the pages of docs/ that are made from the code. test/docs.test.ts tells when one of them is out of date.
 *
 *   node --import tsx --conditions=@rollcall/source scripts/make-docs.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { madePages } from './docs/pages.ts'
import { repoRoot } from './repo.ts'

for (const [path, render] of Object.entries(madePages)) {
  writeFileSync(join(repoRoot, path), await render())
  console.log(`wrote ${path}`)
}
