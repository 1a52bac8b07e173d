import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT, UsageError } from '../failure.ts'

interface Options {
  readonly token?: string
}

/** `rollcall node drain`: has a node send its sessions to others and take no more writes, before it is stopped. */
export const nodeDrain = (command: Command) => {
  command
    .description('have a node send its sessions to other nodes and take no more writes')
    .option('--token <token>', 'admin token (default: $ROLLCALL_ADMIN_TOKEN)')
  return async (context: Context, options: Options): Promise<number> => {
    const token = options.token ?? context.environment.ROLLCALL_ADMIN_TOKEN
    if (token === undefined || token === '') {
      throw new UsageError('draining needs an admin token: give --token or set ROLLCALL_ADMIN_TOKEN.')
    }
    // Never a fallback: whoever means one node does not mean another.
    const registry = context.registries.urls.slice(0, 1)
    const answer = await context.progress('draining', context.clientOf(registry).drain(token))
    context.result({
      json: answer,
      quiet: ['draining'],
      human: [`${registry.join()} sends its sessions to other nodes`],
    })
    return EXIT.ok
  }
}
