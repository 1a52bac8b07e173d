/** What the tests of a whole node share: a folder each, free ports, and waiting for a thing to become true. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Config, ConfigError, loadConfig, type NodeOptions } from '@rollcall/node'

const root = mkdtempSync(join(tmpdir(), 'rollcall-node-'))
let folders = 0

export const newFolder = (): string => join(root, String(folders++))
export const removeFolders = (): void => rmSync(root, { recursive: true, force: true })

/** A node in `folder` on free ports, quiet, with the given settings besides. */
export const optionsIn = (folder: string, ...set: string[]): NodeOptions => ({
  name: 'tested',
  data: folder,
  http: '127.0.0.1:0',
  mesh: '/ip4/127.0.0.1/tcp/0/ws',
  set: ['log.level=error', ...set],
})

export const configIn = (folder: string, ...set: string[]): Config => {
  const loaded = loadConfig(optionsIn(folder, ...set), {})
  if (!loaded.ok) throw new ConfigError(loaded.problems)
  return loaded.config
}

const DEADLINE_MS = 20_000
const POLL_MS = 20

/** The first value that is not undefined. Rejects after 20 s with `what`. */
export const until = async <T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  const deadlineMs = performance.now() + DEADLINE_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadlineMs) throw new Error(`waited 20 s in vain: ${what}`)
    await pause(POLL_MS)
  }
}

export const readJson = async (url: string): Promise<Record<string, unknown>> => {
  const body: unknown = await (await fetch(url)).json()
  if (typeof body !== 'object' || body === null) throw new Error(`${url} answered no object`)
  return { ...body }
}
