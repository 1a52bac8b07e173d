/**
 * Writes the table at the end of docs/zynd-wire.md anew: which test holds which row of Zynd's contract.
 *
 *   node --import tsx --conditions=@rollcall/source scripts/zynd-table.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isContractTest, judge, PAGE, readRows, readTests, withTable } from '../test/zynd/support/table.ts'
import { readRepo, repoRoot } from './repo.ts'

const [page] = readRepo((path) => path === PAGE)
if (page === undefined) throw new Error(`${PAGE} does not exist`)
const tests = readTests(readRepo(isContractTest))
writeFileSync(join(repoRoot, PAGE), withTable(page.text, tests))
const faults = judge(readRows(page.text), tests)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1
