import type { Command } from 'commander'
import { adminToken, type TokenOptions, withTokenOption } from '../admin-token.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'

/** `rollcall node drain`: has a node send its sessions to others and take no more writes, before it is stopped. */
export const nodeDrain = (command: Command) => {
  withTokenOption(command.description('have a node send its sessions to other nodes and take no more writes'))
  return async (context: Context, options: TokenOptions): Promise<number> => {
    const token = adminToken(context, options, 'Draining')
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
