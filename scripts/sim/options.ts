/** The options of `npm run sim -- …`. */

import { parseArgs } from 'node:util'
import { NO_FAULTS, type PlanOptions } from '@rollcall/simulator'

export type SimOptions = {
  mode: 'seed' | 'seeds' | 'minutes' | 'mutations'
  /** The one seed, or the first of many. */
  from: number | string
  seeds: number
  minutes: number
  trace: boolean
  plan: PlanOptions
}

export const usage = `usage: npm run sim -- --seed S | --seeds N | --minutes M | --mutations [OPTION…]

  --seed S          one history; what it finds is found again whenever it runs
  --seeds N         N histories, on two processes
  --minutes M       as many histories as M minutes allow, beginning with a seed of the day
  --mutations       breaks one rule after the other on purpose, and fails if a checker does not see it

  --from S          the first seed of many (1)
  --nodes N         nodes in each history (2 to 5, as the seed says)
  --agents N        agents in each history (3 to 16, as the seed says)
  --profile P       "default" for the shipping times, "fast" for seconds instead of minutes (as the seed says)
  --hours H         simulated hours of the storm (as the seed says)
  --faults JSON     faults other than the seed draws: fields of Faults in packages/simulator/src/faults.ts
  --trace           one line per event on standard output; docs/reliability.md has the legend`

const HOUR = 3_600_000

/** What the arguments ask for, or a sentence that says why they cannot be followed. */
export function parseOptions(args: readonly string[], nowMs: number): SimOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string' },
        minutes: { type: 'string' },
        mutations: { type: 'boolean', default: false },
        from: { type: 'string' },
        nodes: { type: 'string' },
        agents: { type: 'string' },
        profile: { type: 'string' },
        hours: { type: 'string' },
        faults: { type: 'string' },
        trace: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const { seed, seeds, minutes, mutations, from, profile } = values
    const asked = [seed, seeds, minutes, mutations || undefined].filter((value) => value !== undefined)
    if (values.help || asked.length !== 1) return usage
    if (profile !== undefined && profile !== 'default' && profile !== 'fast')
      return `--profile is ${profile}\n\n${usage}`
    const mode =
      seed !== undefined ? 'seed' : seeds !== undefined ? 'seeds' : minutes !== undefined ? 'minutes' : 'mutations'
    const firstOfDay = Math.floor(nowMs / 1000)
    return {
      mode,
      from: seed ?? numberOf('--from', from, 0) ?? (mode === 'minutes' ? firstOfDay : 1),
      seeds: numberOf('--seeds', seeds, 1) ?? 1,
      minutes: numberOf('--minutes', minutes, 0) ?? 0,
      trace: values.trace,
      plan: {
        ...only('nodes', numberOf('--nodes', values.nodes, 1)),
        ...only('agents', numberOf('--agents', values.agents, 0)),
        ...only('profile', profile),
        ...only('stormMs', hoursInMs(values.hours)),
        ...only('faults', faultsIn(values.faults)),
      },
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${usage}`
  }
}

const only = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, V>)

function faultsIn(text: string | undefined): PlanOptions['faults'] {
  if (text === undefined) return undefined
  const faults: unknown = JSON.parse(text)
  const unknown = Object.keys(Object(faults)).find((name) => !(name in NO_FAULTS))
  if (unknown !== undefined) throw new RangeError(`--faults names ${unknown}, which is no fault.`)
  return Object(faults)
}

function hoursInMs(text: string | undefined): number | undefined {
  const hours = numberOf('--hours', text, 0)
  return hours === undefined ? undefined : hours * HOUR
}

function numberOf(flag: string, text: string | undefined, min: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value >= min)) throw new RangeError(`${flag} is ${text}; it must be a number of at least ${min}.`)
  return value
}
