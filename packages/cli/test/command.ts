/** The real command as a child process with a home folder of its own: from the sources, or as it was built. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = fileURLToPath(new URL('../bin/rollcall.js', import.meta.url))
const sources = ['--import', 'tsx', '--conditions=@rollcall/source']

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that was started: what it printed so far, and its end. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  #waiting: (() => void)[] = []

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)))
    this.ended = once(child, 'close').then(([code]) => {
      this.#heard(() => undefined)
      return { code, stdout: this.stdout, stderr: this.stderr }
    })
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Resolves once both streams together match. Rejects where the command ends first, or after the deadline. */
  async printed(pattern: RegExp, deadlineMs = 30_000): Promise<void> {
    const over = AbortSignal.timeout(deadlineMs)
    while (!pattern.test(this.stdout) && !pattern.test(this.stderr)) {
      if (this.hasEnded || over.aborted) {
        throw new Error(`${pattern} did not come; stdout: ${this.stdout}\nstderr: ${this.stderr}`)
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        over.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  #heard(take: () => void): void {
    take()
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** A folder, an environment and the commands started in it. */
export class Desk {
  readonly home: string
  readonly environment: Record<string, string | undefined>
  readonly #flags: readonly string[]
  readonly #started: Running[] = []

  /** @param flags of the process; none run what was built. */
  constructor(home: string, flags: readonly string[] = sources) {
    this.home = home
    this.#flags = flags
    const { PATH } = process.env
    this.environment = { PATH, HOME: home }
  }

  path(...parts: readonly string[]): string {
    return join(this.home, ...parts)
  }

  start(args: readonly string[], environment: Record<string, string> = {}): Running {
    const child = spawn(process.execPath, [...this.#flags, binary, ...args], {
      env: { ...this.environment, ...environment },
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const running = new Running(child)
    this.#started.push(running)
    return running
  }

  /** Runs a command to its end. */
  run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
    return this.start(args, environment).ended
  }

  async clear(): Promise<void> {
    for (const running of this.#started) if (!running.hasEnded) running.kill('SIGKILL')
    await Promise.all(this.#started.map(({ ended }) => ended))
    await rm(this.home, { recursive: true, force: true })
  }
}

/** Gives a desk to `work`, and clears it however that ends. */
export const atDesk = async (work: (desk: Desk) => Promise<void>, flags?: readonly string[]): Promise<void> => {
  const desk = new Desk(await mkdtemp(join(tmpdir(), 'rollcall-cli-')), flags)
  try {
    await work(desk)
  } finally {
    await desk.clear()
  }
}

/** As `atDesk`, with the command as it was built: what crosses packages tests what people get. */
export const atBuiltDesk = (work: (desk: Desk) => Promise<void>): Promise<void> => atDesk(work, [])
