/**
 * Fills the disk under an open store: writes beyond a limit on the size of its own files, which makes LevelDB write a
 * part of a record and fail. Then lifts the limit and writes again. Prints what each step gave.
 */
import { execFileSync } from 'node:child_process'
import { StoreError } from '@rollcall/core'
import { LevelStore } from '../src/index.ts'
import { getText, put } from './store-kit.ts'

const store = new LevelStore({ location: String(process.argv[2]) })
await store.open()
await write('before', 'before', 'written before')
limitFiles('8000')
await write('while full, sync', 'refused', 'x'.repeat(20_000))
await write('while full, again', 'refused', 'x'.repeat(20_000))
console.log(`while full, read: ${await getText(store, 'entry', 'before')}`)
limitFiles('unlimited')
for (let index = 0; index < 19; index++) {
  await store.write([put('entry', `after-${index}`, 'written after')], { durable: true })
}
await write('after', 'after-19', 'written after')
// No close: the process ends as it does when it is killed, and the log is read at the next opening.
process.kill(process.pid, 'SIGKILL')

async function write(step: string, key: string, value: string): Promise<void> {
  try {
    await store.write([put('entry', key, value)], { durable: true })
    console.log(`${step}: written`)
  } catch (error) {
    console.log(`${step}: ${error instanceof StoreError ? error.code : error}`)
  }
}

function limitFiles(sizeBytes: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${sizeBytes}:unlimited`])
}
