/** What a benchmark is, and what it tells. */

export interface BenchOptions {
  /** A fifth of the work: to see that it runs, not how fast. */
  readonly quick: boolean
  /** Tells what is being done; never part of the result. */
  readonly say: (text: string) => void
}

export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** What to reach, where there is such a thing. A goal that is missed fails nothing: machines differ. */
  readonly goal?: Goal
}

export interface Goal {
  readonly is: 'at least' | 'at most'
  readonly value: number
}

export interface Bench {
  readonly name: string
  /** One line: what is measured, against what. */
  readonly what: string
  readonly run: (options: BenchOptions) => Promise<readonly Figure[]>
}

export const isReached = ({ value, goal }: Figure): boolean | undefined => {
  if (goal === undefined) return undefined
  return goal.is === 'at least' ? value >= goal.value : value <= goal.value
}
