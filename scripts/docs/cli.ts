/** docs/cli.md, from the program that people run. */
import { type CommandFacts, describeProgram } from '@rollcall/cli'
import { table } from './table.ts'

const HEAD = `# The command \`rollcall\`

<!-- Written by scripts/make-docs.ts from the program in packages/cli: change the commands there, not this file. -->

\`npx rollcall …\` in a checkout, \`rollcall …\` in the image. It ends with 0 ok, 1 failed, 2 usage, 3 not found, 4 refused,
5 unreachable; \`rollcall run\` with a command of its own ends with the code of that command. Results go to standard output,
everything else to standard error; waiting is shown there only on a terminal, as colour is.

A registry is taken from \`--registry\`, then \`ROLLCALL_REGISTRY_URL\`, \`ZYND_REGISTRY_URL\` (several addresses are separated by
commas), then \`registry_url\` in \`~/.zynd/config.json\`, then \`http://127.0.0.1:8081\`. A key is taken from \`--key\`, then
\`ROLLCALL_KEY\`, then \`~/.rollcall/key.json\`; key files are Zynd's. \`rollcall whoami\` shows both.

Every command takes these:
`

/** What the description of an option has no room for. */
const NOTES: Readonly<Record<string, string>> = {
  'audit verify': `It downloads the links and computes every hash itself; what the node says of itself is shown beside, and believed only
where it is bad news. The result is \`ok\`, \`broken\` with the first broken link and why, or \`tail_unwitnessed\` where no other
node could be asked for the head it remembers: then a cut tail would not be seen. Only \`ok\` ends with 0.`,
  doctor: `The rungs are dns, tcp, tls, http, clock, websocket, hello, beat, record, status, second node and key. Each is \`ok\`,
\`fail\` with cause and remedy, or \`skipped\`; what was not checked is never ok. It ends with the exit code of the first failure.

A beat would take over from a process that beats with the same key. So where the entity is active already, none is sent unless
\`--take-over\` says so; and where its own beat made the entity active, the doctor says goodbye in the end.`,
  backup: `The file has a version and a checksum, and only its owner may read it. A copy of a stopped node holds the node's key: whoever
has the file can be the node. With \`--online\` a running node sends the copy, without its key, to whoever has an admin token.`,
  restore: `A file that was cut or changed is refused before anything is touched, and the store appears as a whole or not at all. With
\`--force\` what is in the folder is moved aside, never deleted.

An old copy brings nothing back: what was deregistered since stays so on every node, because the others tell with the first sync.
A copy without a key leaves the key in the folder as it is. The audit chain ends where the copy does, and the other nodes
remember that it was longer, so \`rollcall audit verify\` rightly says that its tail was cut.`,
  run: `With a command after \`--\` it beats while that runs, passes signals on to it, says goodbye at its end and ends with its code.`,
  token: `Tokens are kept in the file that \`security.admin_token_file\` names, as hashes. A running node notices changes by itself.`,
  completion: '`source <(rollcall completion bash)`, the same with `zsh`, or `rollcall completion fish | source`.',
}

export const renderCli = (): string => {
  const program = describeProgram()
  const sections = program.verbs.map((verb) => section(verb, 2))
  return `${[HEAD.trimEnd(), optionTable(program), ...sections].join('\n\n')}\n`
}

const section = (facts: CommandFacts, level: number): string => {
  const { path, about, verbs } = facts
  const name = path.join(' ')
  const parts = [`${'#'.repeat(level)} rollcall ${name}`, sentence(about)]
  if (verbs.length === 0) parts.push(`\`\`\`sh\nrollcall ${facts.usage}\n\`\`\``)
  const rows = facts.arguments.map((argument) => [`\`${argument.name}\``, cell(argument.about)])
  if (rows.length > 0) parts.push(table(['argument', ''], rows))
  if (facts.options.length > 0) parts.push(optionTable(facts))
  const note = NOTES[name]
  if (note !== undefined) parts.push(note)
  return [...parts, ...verbs.map((verb) => section(verb, level + 1))].join('\n\n')
}

const optionTable = ({ options }: CommandFacts): string =>
  table(
    ['option', ''],
    options.map(({ flags, about, choices, byDefault }) => {
      const values = choices.length === 0 ? '' : ` (${choices.join(', ')})`
      return [`\`${flags}\``, cell(`${about}${values}${byDefault === undefined ? '' : `; default ${byDefault}`}`)]
    }),
  )

const cell = (text: string): string => text.replaceAll('|', '\\|')

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
