/** Work in a process of its own, so that the load does not run on the event loop of whoever measures. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A JSON object without the index signature, so that an interface is one. */
type Message = object

/**
 * Runs `file` (which calls `answer`) with this input and resolves with what it answers. It ends with the answer. `nodeOptions`
 * are given to it beside those of this process.
 */
export const inOtherProcess = async <O extends Message>(
  file: URL,
  input: Message,
  nodeOptions: readonly string[] = [],
): Promise<O> => {
  const execArgv = [...process.execArgv, ...nodeOptions]
  const child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv })
  const endIt = (): void => void child.kill('SIGKILL')
  process.once('exit', endIt)
  try {
    child.send(input)
    const [output] = await Promise.race([once(child, 'message'), failureOf(child, file)])
    return output
  } finally {
    process.off('exit', endIt)
    child.kill('SIGKILL')
  }
}

const failureOf = async (child: ChildProcess, file: URL): Promise<never> => {
  const [code] = await once(child, 'exit')
  throw new Error(`${file.pathname} ended with ${String(code)} before it answered`)
}

/** The body of such a file: does `work` once with the input it is sent. */
export const answer = <I extends Message>(work: (input: I) => Promise<Message>): void => {
  process.once('message', (input: I) => {
    void work(input).then((output) => process.send?.(output))
  })
}

/** Values at the given shares of a sample, 0.5 being the median; 0 of an empty one. */
export const quantiles = (sample: readonly number[], shares: readonly number[]): number[] => {
  const sorted = [...sample].sort((x, y) => x - y)
  return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}
