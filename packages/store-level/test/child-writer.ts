/**
 * Writes durable batches to the store in the given folder, from many callers at once and with others in between that
 * are not durable, and prints the name of each durable one once it is acknowledged. Runs until it is killed.
 */
import { writeSync } from 'node:fs'
import { LevelStore } from '../src/index.ts'
import { put } from './store-kit.ts'

const [location, prefix] = process.argv.slice(2)
const store = new LevelStore({ location: String(location) })
await store.open()

async function writeForever(caller: number): Promise<void> {
  for (let round = 0; ; round++) {
    const name = `${prefix}-${caller}-${round}`
    await store.write([put('entry', name, `value of ${name}`), put('audit', name, 'x'.repeat(300))], { durable: true })
    writeSync(1, `${name}\n`)
    if (round % 5 === 0) void store.write([put('beat', name, 'not awaited')], { durable: false })
  }
}

await Promise.all(Array.from({ length: 20 }, (_, caller) => writeForever(caller)))
