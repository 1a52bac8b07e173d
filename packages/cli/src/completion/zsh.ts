import { type Place, quoted } from './context-words.ts'

/** Completion for zsh, with what each word means: `source <(rollcall completion zsh)`. */
export const zshCompletion = (places: readonly Place[]): string => `#compdef rollcall
# Completion of rollcall for zsh. Load it with: source <(rollcall completion zsh)
_rollcall() {
  local at='' word previous=\${words[CURRENT - 1]}
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    [[ $word == -- ]] && { _normal; return; }
    case "$at $word" in
      (${places
        .filter(({ at }) => at !== '')
        .map(({ at }) => quoted(` ${at}`))
        .join('|')}) at="$at $word" ;;
    esac
  done
  local -a candidates
  case "$at $previous" in
${valueCases(places)}
  esac
  case "$at" in
${places.map((place) => `    (${quoted(lead(place))}) candidates=(${candidatesOf(place)}) ;;`).join('\n')}
  esac
  _describe rollcall candidates || _files
}
compdef _rollcall rollcall
`

const lead = ({ at }: Place): string => (at === '' ? '' : ` ${at}`)

/** \`word:what it is\`; a colon in the latter would end it. */
const candidate = (word: string, about: string): string => quoted(`${word}:${about.replaceAll(':', '\\:')}`)

const candidatesOf = ({ verbs, options }: Place): string =>
  [
    ...verbs.map(({ word, about }) => candidate(word, about)),
    ...options.flatMap(({ names, about }) => names.map((name) => candidate(name, about))),
  ].join(' ')

const valueCases = (places: readonly Place[]): string =>
  places
    .flatMap((place) =>
      place.options
        .filter(({ takesValue }) => takesValue)
        .map(({ names, choices }) => {
          const patterns = names.map((name) => quoted(`${lead(place)} ${name}`)).join('|')
          const reply = choices.length === 0 ? '_files' : `compadd -- ${choices.join(' ')}`
          return `    (${patterns}) ${reply}; return ;;`
        }),
    )
    .join('\n')
