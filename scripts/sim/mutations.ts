import { loadHasher, MUTATIONS, runMutation } from '@rollcall/simulator'

/** Seeds tried, beginning with the known one. */
const TRIES = 20

/** Breaks every rule on purpose, one after the other, and prints who saw it. 1 where one was not seen. */
export async function runMutations(): Promise<number> {
  const hasher = await loadHasher()
  let survivors = 0
  for (const mutation of MUTATIONS) {
    let told = 'SURVIVED'
    for (let i = 0; i < TRIES && told === 'SURVIVED'; i++) {
      const seed = i === 0 ? mutation.seed : String(i)
      const { failure } = await runMutation(mutation, hasher, seed)
      if (failure !== undefined) told = `seed ${seed}, ${(failure.atMs / 1000).toFixed(0)} s: ${failure.sentence}`
    }
    if (told === 'SURVIVED') survivors++
    console.log(`${mutation.name.padEnd(22)} → ${mutation.caughtBy.padEnd(20)} → ${told}`)
  }
  console.log(`${MUTATIONS.length} mutations, ${survivors} survived`)
  return survivors > 0 ? 1 : 0
}
