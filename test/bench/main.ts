/**
 * Benchmarks on real node processes.
 *
 *   npm run bench -- NAME…       runs these, one after the other
 *   npm run bench -- --list      tells which there are
 *       --json                   the figures as one JSON object, for a program
 *       --quick                  a fifth of the work
 *
 * Each measures its own ceiling or rival in the same run and gives the ratio, since machines differ and are noisy. The load
 * comes from another process and shares the cores with the node. Nothing here passes or fails.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { beats } from './beats.ts'
import { type Bench, type Figure, isReached } from './bench.ts'
import { bloom } from './bloom.ts'
import { healing } from './heal.ts'
import { healInjected } from './heal-injected.ts'
import { healingLive, healingLiveCalm } from './heal-live.ts'
import { massDeath } from './mass-death.ts'
import { propagation } from './propagation.ts'
import { register } from './register.ts'
import { sim } from './sim.ts'
import { syncDiff } from './sync-diff.ts'
import { syncEqual } from './sync-equal.ts'

const BENCHES: readonly Bench[] = [
  beats,
  register,
  bloom,
  syncEqual,
  syncDiff,
  healing,
  healingLive,
  healingLiveCalm,
  healInjected,
  propagation,
  massDeath,
  sim,
]

const machine = () => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  date: new Date().toISOString(),
  /** Above the number of cores, others were running too: the figures are then those of a busy machine. */
  load_average: loadavg()[0] ?? 0,
})

const numberText = (value: number): string => {
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  return value.toPrecision(3)
}

const goalText = (figure: Figure): string => {
  const { goal } = figure
  if (goal === undefined) return ''
  return `goal ${goal.is} ${numberText(goal.value)}: ${isReached(figure) ? 'reached' : 'not reached'}`
}

const table = (figures: readonly Figure[]): string => {
  const rows = figures.map((figure) => [figure.what, `${numberText(figure.value)} ${figure.unit}`, goalText(figure)])
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows
    .map(([what = '', value = '', goal = '']) =>
      `  ${what.padEnd(width(0))}  ${value.padStart(width(1))}  ${goal}`.trimEnd(),
    )
    .join('\n')
}

const list = (): void => {
  for (const { name, what } of BENCHES) process.stdout.write(`${name.padEnd(14)} ${what}\n`)
}

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { list: { type: 'boolean' }, json: { type: 'boolean' }, quick: { type: 'boolean' } },
  })
  if (values.list) {
    list()
    return 0
  }
  const chosen = positionals.map((name) => BENCHES.find((bench) => bench.name === name) ?? name)
  const unknown = chosen.filter((one) => typeof one === 'string')
  if (chosen.length === 0 || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `There is no benchmark ${unknown.join(', ')}.\n` : 'Name a benchmark:\n')
    list()
    return 2
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const results: object[] = []
  for (const bench of chosen) {
    if (typeof bench === 'string') continue
    say(`${bench.name}: ${bench.what}`)
    const before = machine()
    const figures = await bench.run({ quick: values.quick ?? false, say: (text) => say(`  … ${text}`) })
    results.push({ bench: bench.name, quick: values.quick ?? false, machine: before, figures })
    if (values.json) continue
    const { cores, processor, node, date, load_average } = before
    const load = `load average ${load_average.toFixed(1)} before`
    process.stdout.write(`${bench.name}, ${date.slice(0, 16)}Z, ${cores} × ${processor}, Node ${node}, ${load}\n`)
    process.stdout.write(`${table(figures)}\n`)
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
