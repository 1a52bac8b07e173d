import { Argument, type Command } from 'commander'
import { bashCompletion } from '../completion/bash.ts'
import { placesOf } from '../completion/context-words.ts'
import { fishCompletion } from '../completion/fish.ts'
import { zshCompletion } from '../completion/zsh.ts'
import type { Context } from '../context.ts'
import { describeCommand } from '../describe.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }
type Shell = keyof typeof SHELLS

/** `rollcall completion`: a script for a shell, made of the very program that runs. */
export const completion = (command: Command) => {
  command
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell that will read it').choices(Object.keys(SHELLS)))
  return async (context: Context, shell: Shell): Promise<undefined> => {
    const program = command.parent ?? command
    const script = SHELLS[shell](placesOf(describeCommand(program)))
    context.result({ json: { shell, script }, quiet: [script.trimEnd()], human: [script.trimEnd()] })
  }
}
