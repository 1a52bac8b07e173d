/** A node as a process: configuration in, exit code out, and what signals do meanwhile. */
import { loadConfig, type NodeOptions } from './config/index.ts'
import { type RunningNode, startNode } from './start.ts'
import { StartError } from './start-error.ts'

const OK = 0
const FAILED = 1
const USAGE = 2

/** What a shell shows for a process ended by each. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Runs a node until SIGINT or SIGTERM, then stops it gracefully; a second signal ends the process at once.
 *
 * Resolves with the exit code: 0 after a clean stop, 1 when the node could not start or stop, 2 when its configuration
 * does not stand. Reasons are written to standard error.
 */
export const runNode = async (options: NodeOptions): Promise<number> => {
  const loaded = loadConfig(options, process.env)
  if (!loaded.ok) {
    complain(loaded.problems)
    return USAGE
  }
  const told = signalled()
  let node: RunningNode
  try {
    node = await startNode(loaded.config)
  } catch (error) {
    told.cancel()
    if (!(error instanceof StartError)) throw error
    complain([error.message])
    return FAILED
  }
  const stopWatching = dieOfBugs(node)
  const signal = await told.signal
  node.log.info(`${signal}: stopping; once more to stop at once`)
  const isClean = await node.stop()
  stopWatching()
  told.cancel()
  return isClean ? OK : FAILED
}

const complain = (sentences: readonly string[]): void => {
  for (const sentence of sentences) process.stderr.write(`${sentence}\n`)
}

interface Signalled {
  /** The first signal. */
  readonly signal: Promise<keyof typeof SIGNALS>
  readonly cancel: () => void
}

/** Waits for a signal; the second one ends the process. */
const signalled = (): Signalled => {
  let first: keyof typeof SIGNALS | undefined
  let resolve: (signal: keyof typeof SIGNALS) => void
  const signal = new Promise<keyof typeof SIGNALS>((done) => {
    resolve = done
  })
  const onSignal = (name: keyof typeof SIGNALS): void => {
    if (first !== undefined) process.exit(SIGNALS[name])
    first = name
    resolve(name)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return { signal, cancel: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal) }
}

/**
 * An error that nobody awaited leaves the process in a state nobody thought of. Everything acknowledged is on disk, so
 * the node says what happened and ends, and whoever supervises it starts it again.
 */
const dieOfBugs = (node: RunningNode): (() => void) => {
  const die = (error: unknown): void => {
    node.log.error('an error that nobody handled; the process ends', { error })
    process.exit(FAILED)
  }
  process.on('uncaughtException', die).on('unhandledRejection', die)
  return () => process.off('uncaughtException', die).off('unhandledRejection', die)
}
