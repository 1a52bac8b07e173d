/** The options of `npm run cluster -- …`. */

import { parseArgs } from 'node:util'

export type ClusterOptions = {
  nodes: number
  agents: number
  dataDir: string
  fresh: boolean
  httpPort: number
  meshPort: number
  fast: boolean
  open: boolean
}

export const usage = `usage: npm run cluster -- [OPTION…]

  --nodes N         how many nodes (3)
  --agents N        how many demo agents (3)
  --data DIR        where the nodes keep their stores (.data/cluster)
  --fresh           begin with empty stores
  --http-port P     port of the first node's API, the others follow (8081)
  --mesh-port P     port on which the first node hears other nodes, the others follow (9001)
  --fast            seconds instead of minutes: beats every second, silence counts after ten
  --no-open         open no browser`

const NODES_MAX = 20
const AGENTS_MAX = 100
const PORT_MAX = 65_535

/** What the arguments ask for, or a sentence that says why they cannot be followed. */
export function parseOptions(args: readonly string[]): ClusterOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string', default: '3' },
        agents: { type: 'string', default: '3' },
        data: { type: 'string', default: '.data/cluster' },
        fresh: { type: 'boolean', default: false },
        'http-port': { type: 'string', default: '8081' },
        'mesh-port': { type: 'string', default: '9001' },
        fast: { type: 'boolean', default: false },
        'no-open': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return usage
    const nodes = inRange('--nodes', values.nodes, 1, NODES_MAX)
    return {
      nodes,
      agents: inRange('--agents', values.agents, 0, AGENTS_MAX),
      dataDir: values.data,
      fresh: values.fresh,
      httpPort: inRange('--http-port', values['http-port'], 1, PORT_MAX - nodes + 1),
      meshPort: inRange('--mesh-port', values['mesh-port'], 1, PORT_MAX - nodes + 1),
      fast: values.fast,
      open: !values['no-open'],
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${usage}`
  }
}

function inRange(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new RangeError(`${flag} is ${text}; it must be from ${min} to ${max}.`)
  return value
}
