/** One program of the cluster: a node or an agent, with its log in a file. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export type ChildInit = {
  name: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  logFile: string
  /** Called when it ends without having been asked to. */
  onDeath: (child: Child) => void
}

const TAIL_LINES = 6
const TAIL_LINE_CHARS = 240

export class Child {
  readonly name: string
  readonly logFile: string
  /** How it ended, in words; undefined while it runs. */
  ended: string | undefined
  #asked = false
  readonly #process: ChildProcess
  readonly #end: Promise<void>

  constructor(init: ChildInit) {
    this.name = init.name
    this.logFile = init.logFile
    const log = openSync(init.logFile, 'w')
    // A process group of its own: Ctrl-C at the terminal must reach us alone, since to a node a second signal means "at once".
    this.#process = spawn(process.execPath, init.args, { detached: true, env: init.env, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#end = new Promise((done) => {
      const end = (words: string): void => {
        if (this.ended !== undefined) return
        this.ended = words
        done()
        if (!this.#asked) init.onDeath(this)
      }
      this.#process.once('error', (error) => end(`could not be started: ${error.message}`))
      this.#process.once('close', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`))
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** The last lines of its log. */
  tail(): readonly string[] {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n')
    return lines.slice(-TAIL_LINES).map((line) => line.slice(0, TAIL_LINE_CHARS))
  }

  /** Asks it to end, waits, and ends it if it does not; true when it had to be ended. */
  async stop(waitMs: number): Promise<boolean> {
    this.#asked = true
    if (this.ended !== undefined) return false
    this.#process.kill('SIGTERM')
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((done) => {
      timer = setTimeout(() => done('late'), waitMs)
    })
    const first = await Promise.race([this.#end, late])
    clearTimeout(timer)
    if (first !== 'late') return false
    this.kill()
    await this.#end
    return true
  }

  /** Ends it at once. */
  kill(): void {
    this.#asked = true
    if (this.ended === undefined) this.#process.kill('SIGKILL')
  }
}
