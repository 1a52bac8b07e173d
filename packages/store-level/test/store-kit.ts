import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreError, type StoreOp, type Table } from '@rollcall/core'
import { LevelStore } from '../src/level-store.ts'
import type { ByteLevel } from '../src/level-types.ts'
import { openLevel } from '../src/open-level.ts'

/** Runs a body with the path of a folder that does not exist yet, and removes it afterwards. */
export async function inTempDir(body: (location: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'rollcall-store-'))
  try {
    await body(join(parent, 'store'))
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}

export async function openStore(location: string): Promise<LevelStore> {
  const store = new LevelStore({ location })
  await store.open()
  return store
}

/** Runs a body on the LevelDB below a closed store. */
export async function onLevel(location: string, body: (db: ByteLevel) => Promise<void>): Promise<void> {
  const db = await openLevel(location)
  try {
    await body(db)
  } finally {
    await db.close()
  }
}

export function put(table: Table, key: string, value: string | Uint8Array): StoreOp {
  return { kind: 'put', table, key: bytes(key), value: typeof value === 'string' ? bytes(value) : value }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export async function getText(store: LevelStore, table: Table, key: string): Promise<string | undefined> {
  const value = await store.get(table, bytes(key))
  return value === undefined ? undefined : new TextDecoder().decode(value)
}

export function withCode(code: StoreError['code']): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code
}

/** A child that outlives a failed test is ended after this. */
const CHILD_TIMEOUT_MS = 60_000

/** Starts a TypeScript file of this folder in a process of its own. Its stdout is piped, its stderr shown. */
export function startChild(file: string, args: readonly string[]): ChildProcess {
  const flags = ['--import', 'tsx', '--conditions=@rollcall/source', join(import.meta.dirname, file)]
  return spawn(process.execPath, [...flags, ...args], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CHILD_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
}

/** The lines a child prints until its stdout ends; `onLine` sees each as it comes. */
export async function readLines(child: ChildProcess, onLine?: (line: string) => void): Promise<string[]> {
  if (child.stdout === null) throw new TypeError('the stdout of the child is not piped')
  const lines: string[] = []
  let rest = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      onLine?.(line)
    }
  }
  return lines
}
