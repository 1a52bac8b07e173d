import type { Fqan } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { answerFacts, fullName } from '../developer.ts'

/** `rollcall resolve`: which entity a full name stands for. */
export const resolve = (command: Command) => {
  command
    .description('find the entity behind a full name')
    .argument('<fqan>', 'handle/name, or registry/handle/name', fullName)
  return async (context: Context, fqan: Fqan): Promise<undefined> => {
    const answer = await context.progress('asking', context.client().resolve(fqan))
    context.result({ json: answer, quiet: [String(answer.entity_id)], human: answerFacts(answer) })
  }
}
