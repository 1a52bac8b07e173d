import { namesOf, type Place, quoted } from './context-words.ts'

/** Completion for bash: `source <(rollcall completion bash)`. After a file option, and where nothing else fits, files. */
export const bashCompletion = (
  places: readonly Place[],
): string => `# Completion of rollcall for bash. Load it with: source <(rollcall completion bash)
_rollcall() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -- ]] && { COMPREPLY=(); return; }
    case "$at $word" in
      ${places
        .filter(({ at }) => at !== '')
        .map(({ at }) => quoted(` ${at}`))
        .join(' | ')}) at="$at $word" ;;
    esac
  done
  local words=''
  case "$at \${prev}" in
${valueCases(places)}
  esac
  case "$at" in
${places.map((place) => `    ${quoted(lead(place))}) words=${quoted(wordsOf(place))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _rollcall rollcall
`

const lead = ({ at }: Place): string => (at === '' ? '' : ` ${at}`)

const wordsOf = ({ verbs, options }: Place): string => [...verbs.map(({ word }) => word), ...namesOf(options)].join(' ')

/** What follows an option that takes a value: one of its choices, or a file, which bash completes by itself. */
const valueCases = (places: readonly Place[]): string =>
  places
    .flatMap((place) =>
      place.options
        .filter(({ takesValue }) => takesValue)
        .map(({ names, choices }) => {
          const patterns = names.map((name) => quoted(`${lead(place)} ${name}`)).join(' | ')
          return `    ${patterns}) COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur")); return ;;`
        }),
    )
    .join('\n')
