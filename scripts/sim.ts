/**
 * Runs the simulator: whole clusters of the code that ships, in simulated time, under faults drawn by a seed.
 *
 *   npm run sim -- --seed S | --seeds N | --minutes M | --mutations      (--help lists all options)
 *
 * Exits with 1 where a rule did not hold, after a line with the seed, the rule and the command that shows it again.
 */

import { loadHasher, runHistory } from '@rollcall/simulator'
import { runMutations } from './sim/mutations.ts'
import { parseOptions, type SimOptions, usage } from './sim/options.ts'
import { runPool } from './sim/pool.ts'
import { type Result, resultOf, Totals } from './sim/result.ts'

const PROCESSES = 2

const flagsOf = ({ plan }: SimOptions): string => {
  const { nodes, agents, profile, stormMs, faults } = plan
  const flags = {
    nodes,
    agents,
    profile,
    hours: stormMs === undefined ? undefined : stormMs / 3_600_000,
    faults: faults && `'${JSON.stringify(faults)}'`,
  }
  return Object.entries(flags)
    .flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${value}`]))
    .join('')
}

function tell(result: Result, options: SimOptions): void {
  const { seed, failure } = result
  if (failure === undefined) return
  console.log(`seed ${seed} breaks ${failure.checker} at ${(failure.atMs / 1000).toFixed(3)} s: ${failure.sentence}`)
  console.log(`  again: npm run sim -- --seed ${seed}${flagsOf(options)} --trace`)
}

async function runOne(options: SimOptions, totals: Totals): Promise<void> {
  const onLine = options.trace ? { onLine: (line: string): void => console.log(line) } : {}
  const outcome = await runHistory({
    seed: String(options.from),
    plan: options.plan,
    hasher: await loadHasher(),
    ...onLine,
  })
  totals.add(resultOf(outcome))
  tell(resultOf(outcome), options)
}

async function runMany(options: SimOptions, totals: Totals): Promise<void> {
  const first = Number(options.from)
  const untilMs = Date.now() + options.minutes * 60_000
  let given = 0
  console.log(`seeds from ${first}, on ${PROCESSES} processes`)
  await runPool({
    size: PROCESSES,
    plan: options.plan,
    next: () => {
      const isOver = options.mode === 'minutes' ? Date.now() >= untilMs : given >= options.seeds
      return isOver ? undefined : String(first + given++)
    },
    onResult: (result) => {
      totals.add(result)
      tell(result, options)
    },
  })
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, Date.now())
  if (typeof options === 'string') {
    console.log(options)
    return options === usage ? 0 : 2
  }
  if (options.mode === 'mutations') return runMutations()
  const totals = new Totals()
  const startedMs = Date.now()
  await (options.mode === 'seed' ? runOne(options, totals) : runMany(options, totals))
  for (const line of totals.lines(Date.now() - startedMs)) console.log(line)
  return totals.failed.length > 0 ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
