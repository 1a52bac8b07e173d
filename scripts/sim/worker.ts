/** One process of many histories: takes a seed, answers what became of it. Started by `pool.ts`. */

import { loadHasher, type PlanOptions, runHistory } from '@rollcall/simulator'
import { type Result, resultOf } from './result.ts'

export type Task = { seed: string; plan: PlanOptions }

const hasher = await loadHasher()
let current = ''

// A history gives nobody else a turn: who asked may be gone when it is over, and that is told here first.
const answer = (result: Result): void => {
  process.send?.(result, undefined, undefined, (error) => {
    if (error !== null) process.exit()
  })
}

// A promise that nobody waits for is a part of the simulated world: its failure is the failure of the history.
process.on('unhandledRejection', (error) => {
  answer({ seed: current, failure: { checker: 'no-internal-error', sentence: textOf(error), atMs: 0 }, broken: true })
  process.exit(1)
})

process.on('message', (task: Task) => {
  current = task.seed
  void runHistory({ seed: task.seed, plan: task.plan, hasher }).then((outcome) => answer(resultOf(outcome)))
})

// Whoever asked is gone: nobody waits for an answer.
process.on('disconnect', () => process.exit())

process.send?.('ready')

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
