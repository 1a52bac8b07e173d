import type { Hasher } from '@rollcall/search/bloom'
import { CHECKERS } from '../checkers/index.ts'
import { type Outcome, runHistory } from '../history.ts'
import type { Mutation } from './mutation.ts'
import { DISK_MUTATIONS } from './of-disks.ts'
import { MESSAGE_MUTATIONS } from './of-messages.ts'
import { STATE_MUTATIONS } from './of-state.ts'

/** At least one for every checker: a check that cannot fire protects nothing. */
export const MUTATIONS: readonly Mutation[] = [...MESSAGE_MUTATIONS, ...DISK_MUTATIONS, ...STATE_MUTATIONS]

/** Seeds tried, beginning with the known one: what a seed draws changes with the workload and the faults. */
const TRIES = 20

/** The first history in which the checker of a mutation sees it; undefined where none of the tried does. */
export const catchMutation = async (mutation: Mutation, hasher: Hasher): Promise<Outcome | undefined> => {
  const others = Array.from({ length: TRIES - 1 }, (_, i) => String(i + 1))
  for (const seed of [mutation.seed, ...others.filter((seed) => seed !== mutation.seed)]) {
    const outcome = await runMutation(mutation, hasher, seed)
    if (outcome.failure?.checker === mutation.caughtBy) return outcome
  }
  return undefined
}

/** Runs a mutation under the one checker that must see it, in its known seed or another. */
export const runMutation = (mutation: Mutation, hasher: Hasher, seed: string = mutation.seed): Promise<Outcome> =>
  runHistory({ seed, hasher, mutation, checkers: CHECKERS.filter(({ name }) => name === mutation.caughtBy) })
