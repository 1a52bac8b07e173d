import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse } from '../developer.ts'

/** `rollcall handle release`: gives a handle up; the full names under it go with it. */
export const handleRelease = (command: Command) => {
  command.description('release a handle of the developer of the key in use').argument('<handle>', 'the handle')
  return async (context: Context, handle: string): Promise<undefined> => {
    const developer = await developerInUse(context)
    const answer = await context.progress('releasing', developer.releaseHandle(handle))
    context.result({ json: answer, quiet: [handle], human: [`released ${handle}`] })
  }
}
