/**
 * Writes deploy/config/default.toml from the table of settings, or tells whether it is up to date.
 *
 *   node --import tsx --conditions=@rollcall/source scripts/make-default-config.ts [--check]
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderDefaultToml } from '@rollcall/node'
import { repoRoot } from './repo.ts'

const path = 'deploy/config/default.toml'
const text = renderDefaultToml()

if (process.argv.includes('--check')) {
  const isCurrent = readFileSync(join(repoRoot, path), 'utf8') === text
  console.log(isCurrent ? `${path} is up to date` : `${path} differs from the table of settings; run this script`)
  process.exitCode = isCurrent ? 0 : 1
} else {
  writeFileSync(join(repoRoot, path), text)
  console.log(`wrote ${path}`)
}
