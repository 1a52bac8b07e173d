import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('./child-peer.ts', import.meta.url))

export interface ChildSettings {
  readonly seed: number
  readonly listen: readonly string[]
  readonly join: readonly string[]
}

/** A mesh in a process of its own. */
export class Child {
  readonly #process: ChildProcess
  readonly events: { readonly event: string; readonly value: unknown }[] = []
  stderr = ''
  readonly exited: Promise<unknown>

  constructor(settings: ChildSettings, environment: Record<string, string> = {}) {
    const options = ['--import', 'tsx', '--conditions=@rollcall/source', PROGRAM, JSON.stringify(settings)]
    this.#process = spawn(process.execPath, options, { env: { ...process.env, ...environment } })
    this.exited = once(this.#process, 'exit')
    assert.ok(this.#process.stdout && this.#process.stderr)
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.events.push(JSON.parse(line)))
    this.#process.stderr.on('data', (chunk) => {
      this.stderr += chunk
    })
  }

  get exitCode(): number | null {
    return this.#process.exitCode
  }

  has(event: string, value?: unknown): boolean {
    return this.events.some((e) => e.event === event && (value === undefined || e.value === value))
  }

  /** The first address it listens on, once it does. */
  get address(): string | undefined {
    const listening = this.events.find(({ event }) => event === 'listening')?.value
    return Array.isArray(listening) ? String(listening[0]) : undefined
  }

  send(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  /** `kill -9`: no goodbye. Resolves when it is dead. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.exited
  }
}
