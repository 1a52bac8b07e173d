import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { answerFacts, developerInUse } from '../developer.ts'

interface Options {
  readonly name: string
  readonly handle?: string
  readonly github?: string
  readonly profileUrl?: string
}

/** `rollcall developer register`: makes the key in use known as that of a developer, with a handle if one is asked for. */
export const developerRegister = (command: Command) => {
  command
    .description('register the developer of the key in use')
    .requiredOption('--name <name>', 'name of the developer')
    .option('--handle <handle>', 'short name to claim, under which entities get full names')
    .option('--github <account>', 'account on GitHub')
    .option('--profile-url <url>', 'page about the developer')
  return async (context: Context, options: Options): Promise<undefined> => {
    const developer = await developerInUse(context)
    const answer = await context.progress('registering', developer.register(options))
    context.result({ json: answer, quiet: [String(answer.developer_id)], human: answerFacts(answer) })
  }
}
