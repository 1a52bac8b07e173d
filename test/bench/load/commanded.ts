/** A process that does one command at a time: `{answer}` or `{error}` comes back for each. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export class Commanded<C extends object> {
  readonly #child: ChildProcess

  constructor(program: URL) {
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const endIt = (): void => void child.kill('SIGKILL')
    process.once('exit', endIt)
    child.once('exit', () => process.off('exit', endIt))
    this.#child = child
  }

  do<T extends object>(command: C): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the process ended with ${String(code)}`))
      this.#child.once('exit', onExit)
      this.#child.once('message', (reply: { readonly answer: T } | { readonly error: string }) => {
        this.#child.off('exit', onExit)
        if ('error' in reply) reject(new Error(reply.error))
        else resolve(reply.answer)
      })
      this.#child.send(command)
    })
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
