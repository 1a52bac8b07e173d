/** A simulated healing, in a process of its own: five nodes share its heap. */
import { type HealingInit, loadHasher, measureHealing } from '@rollcall/simulator'
import { answer } from './other-process.ts'

export type HealInjectedInput = Omit<HealingInit, 'hasher' | 'say'>

answer<HealInjectedInput>(async (input) =>
  measureHealing({ ...input, hasher: await loadHasher(), say: (text) => process.stderr.write(`  … ${text}\n`) }),
)
