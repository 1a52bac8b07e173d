/**
 * How many random cases a property is tried with. Ends after half a minute, be it busy or shrinking: a counterexample that
 * was found is reported as small as it has become, with the seed that repeats it.
 */
export const cases = (numRuns: number): { readonly numRuns: number; readonly interruptAfterTimeLimit: number } => ({
  numRuns,
  interruptAfterTimeLimit: 30_000,
})
