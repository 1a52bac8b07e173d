/**
 * The store port of rollcall on `level` (LevelDB).
 *
 * @example
 * const store = new LevelStore({ location: '/var/lib/rollcall/store' })
 * await store.open()
 * await store.write([{ kind: 'put', table: 'entry', key, value }], { durable: true })
 * for await (const [key, value] of store.scan('entry', { limit: 100 })) console.log(key, value)
 * await store.close()
 */
export * from './level-store.ts'
