import type { Fqan } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse, fullName } from '../developer.ts'

/** `rollcall name release`: the entity stays registered, without a full name. */
export const nameRelease = (command: Command) => {
  command.description('release a full name').argument('<fqan>', 'handle/name, or registry/handle/name', fullName)
  return async (context: Context, fqan: Fqan): Promise<undefined> => {
    const developer = await developerInUse(context)
    const answer = await context.progress('releasing', developer.releaseName(fqan))
    const text = String(answer.fqan)
    context.result({ json: answer, quiet: [text], human: [`released ${text}`] })
  }
}
