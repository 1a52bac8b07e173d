/** What may be typed where, as the completion of every shell needs it. */
import { allCommands, type CommandFacts, type OptionFacts } from '../describe.ts'

export interface Place {
  /** Words after `rollcall` that lead here, joined by blanks; empty at the top. */
  readonly at: string
  readonly verbs: readonly { readonly word: string; readonly about: string }[]
  /** Those of the command and those of all commands. */
  readonly options: readonly OptionFacts[]
}

/** Every place of the program, the top first. */
export const placesOf = (program: CommandFacts): readonly Place[] =>
  allCommands(program).map((facts) => ({
    at: facts.path.join(' '),
    verbs: facts.verbs.map(({ path, about }) => ({ word: path.at(-1) ?? '', about })),
    options: facts.path.length === 0 ? program.options : [...facts.options, ...program.options],
  }))

/** `'text'` for a shell that reads single quotes as bash and zsh do. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

export const namesOf = (options: readonly OptionFacts[]): readonly string[] => options.flatMap(({ names }) => names)
