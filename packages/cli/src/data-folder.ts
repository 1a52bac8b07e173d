/** Which folder a node keeps its data in: as its configuration says. */
import type { NodeOptions } from '@rollcall/node'
import type { Command } from 'commander'
import type { Context } from './context.ts'
import { UsageError } from './failure.ts'
import { collect } from './options.ts'

export type DataOptions = Pick<NodeOptions, 'config' | 'data' | 'set'>

export const withDataOptions = (command: Command): Command =>
  command
    .option('--data <dir>', 'folder of the data of the node')
    .option('--config <file>', 'configuration file of the node (TOML)')
    .option('--set <section.key=value>', 'any other setting; repeatable', collect)

/** @throws UsageError where the configuration does not stand. */
export const dataFolder = async (context: Context, options: DataOptions): Promise<string> => {
  const { loadConfig } = await import('@rollcall/node')
  const loaded = loadConfig(options, context.environment)
  if (loaded.ok) return loaded.config.node.dataDir
  throw new UsageError(loaded.problems.join(' '))
}
