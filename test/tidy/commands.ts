/** What documents say of the command `rollcall` must be so: every verb and every option they name exists. */
import type { CommandFacts, OptionFacts } from '@rollcall/cli'
import type { RepoFile } from '../../scripts/repo.ts'
import type { Finding } from './finding.ts'

/** Calls of the command in documents: in code blocks and between backquotes, with their line. */
function callsIn(text: string): { readonly call: string; readonly line: number }[] {
  const calls: { call: string; line: number }[] = []
  let isBlock = false
  // A line that ends in a backslash goes on in the next.
  for (const [at, line] of text
    .replaceAll(/\\\n */g, '\\\u0000')
    .split('\n')
    .entries()) {
    if (line.startsWith('```')) isBlock = !isBlock
    const spans = isBlock ? [line] : [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
    for (const span of spans) {
      for (const part of span.split(/ #|[|;&]|<\(|\$\(/)) {
        const call = /^[\s$]*(?:npx )?rollcall (?<rest>.*)$/.exec(part.replaceAll('\\\u0000', ' '))?.groups?.rest
        if (call !== undefined) calls.push({ call, line: at + 1 })
      }
    }
  }
  return calls
}

/** Why this call of the program would not be understood; undefined where it would. */
export function misuse(program: CommandFacts, call: string): string | undefined {
  let command = program
  let skipsValue = false
  for (const word of call
    .replaceAll(/\)+$/g, '')
    .split(/\s+/)
    .filter((part) => part !== '')) {
    if (word === '--' || word === '…' || word.startsWith('[')) return undefined
    if (skipsValue) {
      skipsValue = false
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find((one) =>
        names(one).includes(word.split('=')[0] ?? ''),
      )
      if (option === undefined && word !== '--help') return `rollcall ${command.path.join(' ')} has no option ${word}`
      skipsValue = option?.takesValue === true && !word.includes('=')
    } else if (command.verbs.length > 0) {
      const verb = command.verbs.find(({ path }) => path.at(-1) === word)
      if (verb === undefined) return `rollcall ${command.path.join(' ')} has no verb ${word}`
      command = verb
    }
  }
  return undefined
}

const names = (option: OptionFacts): readonly string[] => option.names

export function deadCalls(files: readonly RepoFile[], program: CommandFacts): Finding[] {
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      callsIn(text).flatMap(({ call, line }) => {
        const message = misuse(program, call)
        return message === undefined ? [] : [{ path, line, message }]
      }),
    )
}
