/** The command `rollcall`. `main` is all of it: arguments in, exit code out. `describeProgram` is its table of commands. */
import { type CommandFacts, describeCommand } from './describe.ts'
import { makeProgram } from './program.ts'

export type { CommandFacts, OptionFacts } from './describe.ts'
export { main } from './main.ts'

/** Every command, argument and option, as the program itself has them. */
export const describeProgram = (): CommandFacts => {
  const program = makeProgram(
    () => {
      throw new Error('a description runs no command')
    },
    () => undefined,
  )
  return describeCommand(program)
}
