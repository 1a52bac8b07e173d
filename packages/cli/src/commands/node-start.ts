import type { NodeOptions } from '@rollcall/node'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { collect } from '../options.ts'

/** The options by which a node is configured. `node check` and `node config show` take the same, to judge the same. */
export const withNodeOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'configuration file (TOML)')
    .option('--name <name>', 'name of the node')
    .option('--data <dir>', 'folder of its data')
    .option('--http <host:port>', 'where its HTTP API listens')
    .option('--mesh <multiaddr>', 'where it listens for other nodes')
    .option('--join <multiaddr>', 'another node to connect to; repeatable', collect)
    .option('--set <section.key=value>', 'any other setting; repeatable', collect)

/** `rollcall node start`: runs a node until it is stopped. */
export const nodeStart = (command: Command) => {
  withNodeOptions(command.description('run a node until it is stopped'))
  return async (_: Context, options: NodeOptions): Promise<number> => {
    // Loaded here alone: the other commands need no mesh, and start faster without.
    const { runNode } = await import('@rollcall/node')
    return runNode(options)
  }
}
