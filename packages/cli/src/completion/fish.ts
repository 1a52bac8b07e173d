import type { OptionFacts } from '../describe.ts'
import type { Place } from './context-words.ts'

/** Completion for fish, with what each word means: `rollcall completion fish | source`. */
export const fishCompletion = (
  places: readonly Place[],
): string => `# Completion of rollcall for fish. Load it with: rollcall completion fish | source
function __rollcall_at
  set -l places ${places
    .filter(({ at }) => at !== '')
    .map(({ at }) => quoted(at))
    .join(' ')}
  set -l at ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$at $word")
    contains -- $next $places; and set at $next
  end
  test "$at" = "$argv[1]"
end
complete -c rollcall -f
${places.flatMap((place) => [...verbLines(place), ...place.options.map((option) => optionLine(place, option))]).join('\n')}
`

/** As fish quotes: only the quote itself and the backslash are special. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const condition = ({ at }: Place): string => `-n ${quoted(`__rollcall_at ${quoted(at)}`)}`

const verbLines = (place: Place): readonly string[] =>
  place.verbs.map(({ word, about }) => `complete -c rollcall ${condition(place)} -a ${word} -d ${quoted(about)}`)

const optionLine = (place: Place, { names, about, takesValue, isPath, choices }: OptionFacts): string => {
  const forms = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const value = !takesValue
    ? ''
    : isPath
      ? ' -r -F'
      : choices.length > 0
        ? ` -x -a ${quoted(choices.join(' '))}`
        : ' -x'
  return `complete -c rollcall ${condition(place)} ${forms.join(' ')}${value} -d ${quoted(about)}`
}
