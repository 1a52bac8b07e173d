/** Rules broken between a node and its disk. */
import type { Store } from '@rollcall/core'
import type { Mutation } from './mutation.ts'

const wrap = (store: Store, write: Store['write']): Store => ({
  open: () => store.open(),
  get: (table, key) => store.get(table, key),
  scan: (table, range) => store.scan(table, range),
  close: () => store.close(),
  write,
})

/** Frequent crashes that take whatever is not safe. */
const CRASHES = { crash: { everyMs: 300_000, lastsMs: 10_000 } }

export const lazySync: Mutation = {
  name: 'lazy sync',
  breaks: 'Durable writes are acknowledged without waiting for the disk.',
  caughtBy: 'nothing-lost',
  seed: '1',
  plan: { profile: 'default', faults: CRASHES },
  store: (store) => wrap(store, (batch) => store.write(batch, { durable: false })),
}

export const publishFirst: Mutation = {
  name: 'publish first',
  breaks: 'A write is said to be done before it is.',
  caughtBy: 'persist-then-publish',
  seed: '1',
  store: (store, node) =>
    wrap(store, async (batch, options) => {
      node.machine.schedule(200, () => {
        // The node may be down by then: what it was told is done then never happens.
        if (node.isUp) void store.write(batch, options)
      })
    }),
}

export const holedChain: Mutation = {
  name: 'holed chain',
  breaks: 'Now and then a link of the audit chain is not written.',
  caughtBy: 'audit-chain',
  seed: '1',
  store: (store) => {
    let links = 0
    return wrap(store, (batch, options) =>
      store.write(
        batch.filter(({ table }) => table !== 'audit' || ++links % 20 !== 0),
        options,
      ),
    )
  },
}

export const DISK_MUTATIONS: readonly Mutation[] = [lazySync, publishFirst, holedChain]
