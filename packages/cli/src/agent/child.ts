/** A command that `rollcall run` wraps: started with our streams, sent our signals, its end is ours. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { StopSignal } from '../signals.ts'

export interface Child {
  /** Its exit code, or 128 and the number of the signal that ended it, as shells have it. */
  readonly ended: Promise<number>
  /**
   * Sends a signal on. Not SIGINT at a terminal: there Ctrl-C reaches the whole group of processes, and passed on it would
   * come twice, which many programs take for "at once".
   */
  forward(signal: StopSignal): void
  /** Asks it to end, and waits until it did; after ten seconds it is made to. */
  stop(): Promise<number>
}

const PATIENCE_MS = 10_000

/** @throws Error where the program cannot be started. */
export const startChild = async (command: readonly string[]): Promise<Child> => {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: 'inherit' })
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  // Rejects with the error where there is none to start.
  await once(child, 'spawn')
  const send = (signal: StopSignal): void => {
    child.kill(signal)
  }
  return {
    ended,
    forward: (signal) => {
      if (signal !== 'SIGINT' || process.stdin.isTTY !== true) send(signal)
    },
    stop: async () => {
      // One that has ended already takes no signal, and its end is known.
      send('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      const exit = await ended
      clearTimeout(impatience)
      return exit
    },
  }
}
