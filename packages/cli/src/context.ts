/** What every command works with: the streams, the common options, the registry and the key they point to. */
import { join } from 'node:path'
import { RollcallClient } from '@rollcall/client'
import { type KeyPair, readKeyFile } from '@rollcall/identity/node'
import type { Signer } from '@rollcall/protocol'
import { LocalError } from './failure.ts'
import { type ProgressText, showProgress } from './output/progress.ts'
import { type Style, styleFor } from './output/style.ts'
import { type ChosenRegistries, chooseRegistries, type Environment, homeOf } from './registry.ts'

/** The options that every command takes. */
export interface CommonOptions {
  readonly registry?: readonly string[]
  readonly key?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export interface Stream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export class Context {
  readonly json: boolean
  readonly quiet: boolean
  readonly style: Style
  readonly environment: Environment
  readonly #options: CommonOptions
  readonly #stdout: Stream
  readonly #stderr: Stream

  constructor(options: CommonOptions, io: { stdout: Stream; stderr: Stream; environment: Environment }) {
    this.#options = options
    this.#stdout = io.stdout
    this.#stderr = io.stderr
    this.environment = io.environment
    this.json = options.json === true
    this.quiet = options.quiet === true
    this.style = styleFor(io.stdout, io.environment)
  }

  /** Where commands go, and who chose it. @throws UsageError where an address is none. */
  get registries(): ChosenRegistries {
    return chooseRegistries(this.#options.registry ?? [], this.environment)
  }

  client(signer?: Signer): RollcallClient {
    return this.clientOf(this.registries.urls, signer)
  }

  /** `timeoutMs`: how long an answer may take where that is more than usual. */
  clientOf(
    registries: readonly string[],
    signer?: Signer,
    { timeoutMs }: { readonly timeoutMs?: number } = {},
  ): RollcallClient {
    const patience = timeoutMs === undefined ? {} : { attemptTimeoutMs: timeoutMs, deadlineMs: timeoutMs }
    return new RollcallClient({ registries, ...patience, ...(signer === undefined ? {} : { signer }) })
  }

  /** The file of this command's key: --key, ROLLCALL_KEY, or the one in the home folder. */
  get keyPath(): string {
    const { ROLLCALL_KEY: variable } = this.environment
    if (this.#options.key !== undefined) return this.#options.key
    return variable !== undefined && variable !== ''
      ? variable
      : join(homeOf(this.environment), '.rollcall', 'key.json')
  }

  /** @throws LocalError `not_found` where there is no key file, `malformed` where it cannot be read. */
  async key(path: string = this.keyPath): Promise<KeyPair> {
    const pair = await readKeyFile(path)
    if (pair.ok) return pair.value
    if (pair.code !== 'not_found') throw new LocalError(pair)
    throw new LocalError({ ...pair, message: `${pair.message}; \`rollcall keys new\` makes one, --key names another` })
  }

  /** Wall time of this machine, in milliseconds. */
  nowMs(): number {
    return Date.now()
  }

  /** The result, one way for each kind of reader: JSON, the bare essentials of --quiet, or lines for people. */
  result(views: {
    readonly json: unknown
    readonly quiet: readonly string[]
    readonly human: readonly string[]
  }): void {
    if (this.json) this.line(JSON.stringify(views.json, null, this.#stdout.isTTY === true ? 2 : 0))
    else for (const line of this.quiet ? views.quiet : views.human) this.line(line)
  }

  line(text: string): void {
    this.#stdout.write(`${text}\n`)
  }

  /** A remark for people that is no part of the result. */
  note(text: string): void {
    if (!this.quiet && !this.json) this.#stderr.write(`${text}\n`)
  }

  /** A failure; it is told to every kind of reader. */
  complain(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  /** Says what is being waited for while `work` lasts, on a terminal only. */
  progress<T>(text: ProgressText, work: Promise<T>): Promise<T> {
    return this.quiet || this.json ? work : showProgress(this.#stderr, text, work)
  }
}
