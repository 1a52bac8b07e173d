import { loadHasher, runHistory } from '@rollcall/simulator'

const [seed = '1', trace] = process.argv.slice(2)
const hasher = await loadHasher()
const started = process.cpuUsage()
const outcome = await runHistory({ seed, hasher, ...(trace ? { onLine: (line: string) => console.log(line) } : {}) })
const used = process.cpuUsage(started)
const cpu = (used.user + used.system) / 1e6
console.log(
  seed,
  outcome.plan.profile,
  outcome.plan.nodes,
  outcome.plan.agents,
  `${(outcome.simulatedMs / 3.6e6).toFixed(2)} h`,
  outcome.events,
  'events',
  `${cpu.toFixed(2)} s`,
  `${Math.round(outcome.simulatedMs / 1000 / cpu)} x`,
  outcome.failure ?? 'ok',
)
console.log(
  JSON.stringify([
    Object.fromEntries(outcome.tally.faults),
    Object.fromEntries(outcome.tally.deeds),
    Object.fromEntries(outcome.tally.longestMs),
  ]),
)
