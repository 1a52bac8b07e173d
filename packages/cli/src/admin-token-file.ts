/** Where the admin tokens of a node are kept: in the file that its configuration names. */
import type { NodeOptions } from '@rollcall/node'
import type { Command } from 'commander'
import type { Context } from './context.ts'
import { UsageError } from './failure.ts'
import { collect } from './options.ts'

export interface TokenFileOptions extends Pick<NodeOptions, 'config' | 'set'> {
  readonly file?: string
}

export const withTokenFileOptions = (command: Command): Command =>
  command
    .option('--file <file>', 'file of the tokens (default: security.admin_token_file of the configuration)')
    .option('--config <file>', 'configuration file of the node (TOML)')
    .option('--set <section.key=value>', 'any other setting; repeatable', collect)

/** @throws UsageError where the configuration does not stand, or names no file. */
export const tokenFile = async (context: Context, options: TokenFileOptions): Promise<string> => {
  if (options.file !== undefined && options.file !== '') return options.file
  const { loadConfig } = await import('@rollcall/node')
  const loaded = loadConfig(options, context.environment)
  if (!loaded.ok) throw new UsageError(loaded.problems.join(' '))
  const { adminTokenFile } = loaded.config.security
  if (adminTokenFile !== '') return adminTokenFile
  throw new UsageError(
    "no file for admin tokens is set: give --file FILE, or the node's --config FILE with security.admin_token_file.",
  )
}
