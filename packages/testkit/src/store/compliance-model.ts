import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyRange, Store, StoreOp, Table } from '@rollcall/core'
import fc from 'fast-check'
import { FREE_TABLES, type MakeStore, scanAll, withStore } from './compliance-kit.ts'

/** One call of the port, or a reopening. Writes are awaited only where the next step reads. */
type Step =
  | { readonly kind: 'write'; readonly batch: readonly StoreOp[]; readonly durable: boolean }
  | { readonly kind: 'get'; readonly table: Table; readonly key: Uint8Array }
  | { readonly kind: 'scan'; readonly table: Table; readonly range: KeyRange }
  | { readonly kind: 'reopen' }

/** The port as slowly and plainly as it can be said: pairs in a list, sorted at each scan. */
export class StoreModel {
  #pairs: { readonly table: Table; readonly key: Uint8Array; readonly value: Uint8Array }[] = []

  write(batch: readonly StoreOp[]): void {
    for (const op of batch) {
      this.#pairs = this.#pairs.filter(({ table, key }) => table !== op.table || Buffer.compare(key, op.key) !== 0)
      if (op.kind === 'put') this.#pairs.push(op)
    }
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#pairs.find((pair) => pair.table === table && Buffer.compare(pair.key, key) === 0)?.value
  }

  scan(table: Table, { gte, lt, reverse, limit }: KeyRange = {}): [number[], number[]][] {
    const within = this.#pairs
      .filter((pair) => pair.table === table)
      .filter(({ key }) => gte === undefined || Buffer.compare(key, gte) >= 0)
      .filter(({ key }) => lt === undefined || Buffer.compare(key, lt) < 0)
      .sort((a, b) => (reverse ? Buffer.compare(b.key, a.key) : Buffer.compare(a.key, b.key)))
    return within.slice(0, limit).map(({ key, value }) => [[...key], [...value]])
  }
}

/** Few, short keys that meet often, of the bytes where orders go wrong. */
const key = fc
  .array(fc.constantFrom(0, 1, 127, 128, 254, 255), { maxLength: 2 })
  .map((numbers) => Uint8Array.from(numbers))
const table = fc.constantFrom<Table>(...FREE_TABLES)
const op: fc.Arbitrary<StoreOp> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('put'), table, key, value: fc.uint8Array({ maxLength: 8 }) }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('del'), table, key }), weight: 1 },
)
const range: fc.Arbitrary<KeyRange> = fc.record(
  { gte: key, lt: key, reverse: fc.boolean(), limit: fc.nat({ max: 6 }) },
  { requiredKeys: [] },
)
/** A random batch of up to eight operations. */
export const batch: fc.Arbitrary<StoreOp[]> = fc.array(op, { maxLength: 8 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('write'), batch, durable: fc.boolean() }), weight: 10 },
  { arbitrary: fc.record({ kind: fc.constant('get'), table, key }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('scan'), table, range }), weight: 5 },
  { arbitrary: fc.record({ kind: fc.constant('reopen') }), weight: 1 },
)

/** Random sequences of calls give the same answers as the model. */
export function modelCompliance(make: MakeStore): void {
  test('any sequence of calls answers as the model does', async () => {
    const agrees = (steps: readonly Step[]): Promise<void> =>
      withStore(make, (store, reopen) => runSteps(steps, store, reopen))()
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), agrees), { numRuns: 60 })
  })
}

async function runSteps(steps: readonly Step[], first: Store, reopen: () => Promise<Store>): Promise<void> {
  const model = new StoreModel()
  let store = first
  let writes: Promise<void>[] = []
  for (const step of steps) {
    if (step.kind === 'write') {
      model.write(step.batch)
      writes.push(store.write(step.batch, { durable: step.durable }))
      continue
    }
    await Promise.all(writes)
    writes = []
    if (step.kind === 'reopen') store = await reopen()
    else await compare(step, store, model)
  }
  await Promise.all(writes)
  for (const name of FREE_TABLES) assert.deepEqual(await scanAll(store, name), model.scan(name))
}

async function compare(step: Extract<Step, { kind: 'get' | 'scan' }>, store: Store, model: StoreModel): Promise<void> {
  if (step.kind === 'scan') {
    assert.deepEqual(await scanAll(store, step.table, step.range), model.scan(step.table, step.range))
    return
  }
  const actual = await store.get(step.table, step.key)
  const expected = model.get(step.table, step.key)
  assert.deepEqual(actual && [...actual], expected && [...expected])
}
