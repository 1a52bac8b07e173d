/** The table of commands as data, from the program itself: what completion and the documentation are made of. */
import type { Command, Option } from 'commander'

export interface CommandFacts {
  /** Words after `rollcall`; none for the program. */
  readonly path: readonly string[]
  readonly about: string
  /** As in its help: `node drain [options]`. */
  readonly usage: string
  readonly arguments: readonly { readonly name: string; readonly about: string }[]
  readonly options: readonly OptionFacts[]
  readonly verbs: readonly CommandFacts[]
}

export interface OptionFacts {
  /** As in help: `-q, --quiet`. */
  readonly flags: string
  /** Every form of it, the long one last. */
  readonly names: readonly string[]
  readonly about: string
  /** Whether a value follows. */
  readonly takesValue: boolean
  /** The values it takes, where there are few. */
  readonly choices: readonly string[]
  /** The value it takes is a file or a folder. */
  readonly isPath: boolean
  /** Shown in documents; undefined for none worth telling. */
  readonly byDefault: string | undefined
}

export const describeCommand = (command: Command, path: readonly string[] = []): CommandFacts => ({
  path,
  about: command.description(),
  usage: [...path, command.usage()].join(' '),
  arguments: command.registeredArguments.map((argument) => ({ name: argument.name(), about: argument.description })),
  options: command.options.map(optionFacts),
  verbs: command.commands.map((verb) => describeCommand(verb, [...path, verb.name()])),
})

const optionFacts = ({ flags, short, long, description, required, optional, argChoices, defaultValue }: Option) => ({
  flags,
  names: [short, long].filter((name) => name !== undefined),
  about: description,
  takesValue: required || optional,
  choices: argChoices ?? [],
  isPath: /<(?:file|dir)>/.test(flags),
  byDefault: defaultValue === undefined || defaultValue === '' ? undefined : String(defaultValue),
})

/** A command and all below it, from the top. */
export const allCommands = (facts: CommandFacts): readonly CommandFacts[] => [
  facts,
  ...facts.verbs.flatMap((verb) => allCommands(verb)),
]
