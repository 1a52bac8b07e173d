import { TABLES, type Table } from '@rollcall/core'
import { MemoryDisk } from '@rollcall/testkit'

const isTable = (name: string): name is Table => name in TABLES

/** A disk with the same rows, all of them safe: what a backup taken now would hold. */
export const copyDisk = (disk: MemoryDisk): MemoryDisk => {
  const copy = new MemoryDisk()
  for (const table of Object.keys(TABLES).filter(isTable)) {
    const rows = disk.scan(table, {})
    copy.apply(rows.map(([key, value]) => ({ kind: 'put', table, key, value: value.slice() })))
  }
  copy.sync()
  return copy
}
