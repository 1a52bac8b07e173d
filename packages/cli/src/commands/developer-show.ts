import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { answerFacts, developerInUse } from '../developer.ts'

/** `rollcall developer show`: what the registry knows of a developer. */
export const developerShow = (command: Command) => {
  command.description('show a developer').argument('[id]', 'id of the developer (default: that of the key in use)')
  return async (context: Context, given: string | undefined): Promise<undefined> => {
    const id = given ?? (await developerInUse(context)).id
    const answer = await context.progress('asking', context.client().developer(id))
    context.result({ json: answer, quiet: [id], human: answerFacts(answer) })
  }
}
