import { catchMutation, loadHasher, MUTATIONS } from '@rollcall/simulator'

/** Breaks every rule on purpose, one after the other, and prints who saw it. 1 where one was not seen. */
export async function runMutations(): Promise<number> {
  const hasher = await loadHasher()
  let survivors = 0
  for (const mutation of MUTATIONS) {
    const caught = await catchMutation(mutation, hasher)
    if (caught?.failure === undefined) survivors++
    console.log(`${mutation.name.padEnd(22)} → ${mutation.caughtBy.padEnd(20)} → ${toldOf(caught)}`)
  }
  console.log(`${MUTATIONS.length} mutations, ${survivors} survived`)
  return survivors > 0 ? 1 : 0
}

function toldOf(caught: Awaited<ReturnType<typeof catchMutation>>): string {
  if (caught?.failure === undefined) return 'SURVIVED'
  const { seed, failure } = caught
  return `seed ${seed}, ${(failure.atMs / 1000).toFixed(0)} s: ${failure.sentence}`
}
