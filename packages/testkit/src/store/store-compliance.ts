import { describe } from 'node:test'
import type { MakeStore } from './compliance-kit.ts'
import { lifecycleCompliance } from './compliance-lifecycle.ts'
import { modelCompliance } from './compliance-model.ts'
import { readCompliance } from './compliance-reads.ts'
import { writeCompliance } from './compliance-writes.ts'

export type { MakeStore, StoreUnderTest } from './compliance-kit.ts'

/**
 * Registers the tests every adapter of the store port must pass, under the title `name`. Call it in a test file.
 *
 * `make` gives a fresh, open and empty store each time. Opening what is locked, corrupt or too new differs between
 * adapters and is left to their own tests; so are crashes.
 */
export function storeCompliance(name: string, make: MakeStore): void {
  describe(`${name} keeps the store port`, () => {
    writeCompliance(make)
    readCompliance(make)
    lifecycleCompliance(make)
    modelCompliance(make)
  })
}
