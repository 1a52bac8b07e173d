import type { Hasher } from '@rollcall/search/bloom'
import { CHECKERS } from '../checkers/index.ts'
import { type Outcome, runHistory } from '../history.ts'
import type { Mutation } from './mutation.ts'
import { DISK_MUTATIONS } from './of-disks.ts'
import { deafNode } from './of-messages.ts'
import { STATE_MUTATIONS } from './of-state.ts'

/** At least one for every checker: a check that cannot fire protects nothing. */
export const MUTATIONS: readonly Mutation[] = [deafNode, ...DISK_MUTATIONS, ...STATE_MUTATIONS]

/** Runs a mutation under the one checker that must see it, in its known seed or another. */
export const runMutation = (mutation: Mutation, hasher: Hasher, seed: string = mutation.seed): Promise<Outcome> =>
  runHistory({ seed, hasher, mutation, checkers: CHECKERS.filter(({ name }) => name === mutation.caughtBy) })
