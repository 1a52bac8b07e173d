import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse } from '../developer.ts'

/** `rollcall handle claim`: of two developers that claim the same handle the older claim holds it, on every node. */
export const handleClaim = (command: Command) => {
  command
    .description('claim a handle for the developer of the key in use')
    .argument('<handle>', 'short name, a-z, 0-9, -')
  return async (context: Context, handle: string): Promise<undefined> => {
    const developer = await developerInUse(context)
    const answer = await context.progress('claiming', developer.claimHandle(handle))
    context.result({ json: answer, quiet: [handle], human: [`${developer.id} holds ${handle}`] })
  }
}
