/** docs/metrics.md, from the register of metrics. */
import { METRICS } from '@rollcall/core'
import { table } from './table.ts'

const HEAD = `# Metrics

<!-- Written by scripts/make-docs.ts from packages/core/src/ports/metrics.ts: change the register there, not this file. -->

\`GET /metrics\` answers in the text format of Prometheus: on the address of the API for callers of the same machine or with an
admin token, and on \`metrics.listen\` for everyone. No label ever carries the id of an entity. A histogram \`x\` has the series
\`x_bucket\`, \`x_sum\` and \`x_count\`.
`

const UNITS: readonly (readonly [suffix: string, unit: string])[] = [
  ['_bytes_total', 'bytes'],
  ['_bytes', 'bytes'],
  ['_seconds', 'seconds'],
  ['_ratio', 'share, 0 to 1'],
]

const unitOf = (name: string): string => UNITS.find(([suffix]) => name.endsWith(suffix))?.[1] ?? 'count'

export const renderMetrics = (): string => {
  const rows = Object.entries(METRICS).map(([name, { kind, labels, help }]) => [
    `\`rollcall_${name}\``,
    kind,
    unitOf(name),
    labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(', '),
    help,
  ])
  return `${HEAD}\n${table(['metric', 'kind', 'unit', 'labels', 'what it says'], rows)}\n`
}
