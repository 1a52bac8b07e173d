/**
 * A view of TypeScript text in which comments and the contents of strings are blanks, so that a search finds code only.
 *
 * A small scanner instead of a parser: TypeScript 7 offers its syntax tree only as an unstable interface. It knows line
 * and block comments, strings, templates with nested `${}` and regular expressions. Every other character, and every line
 * break, stays where it was.
 */

const comment = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/y
const quoted = /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y
const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y
const templateText = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y

/** After these a slash begins a regular expression; after anything else it divides. */
const beforeRegex = /(?:^|[=(,:;[!&|?{}+\-*%~^>]|\b(?:return|typeof|case|in|of|do|else|void|yield|await))$/

const blank = (part: string): string => part.replace(/[^\n]/g, ' ')

/** The text that a sticky pattern matches at a place, empty when it does not. */
function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/** Reads one piece that is not plain code, or one character that is: what it was, and what is to be seen of it. */
function readCode(text: string, at: number, seen: string): { part: string; shown: string } {
  const char = text.charAt(at)
  if (char === "'" || char === '"') {
    const part = matchAt(quoted, text, at)
    return { part, shown: char + blank(part.slice(1, -1)) + part.slice(1).slice(-1) }
  }
  if (char === '/') {
    const part = matchAt(comment, text, at) || (beforeRegex.test(seen.trimEnd()) ? matchAt(regex, text, at) : '')
    if (part !== '') return { part, shown: blank(part) }
  }
  return { part: char, shown: char }
}

/** The text with comments, string contents, template text and regular expressions replaced by blanks. */
export function codeOnly(text: string): string {
  /** One number for each `${` we are inside of: how many braces are open within it. */
  const holes: number[] = []
  let inTemplate = false
  let seen = ''
  let at = 0
  while (at < text.length) {
    if (inTemplate) {
      const part = matchAt(templateText, text, at)
      const end = text.startsWith('${', at + part.length) ? '${' : '`'
      if (end === '${') holes.push(0)
      inTemplate = false
      seen += blank(part) + end
      at += part.length + end.length
      continue
    }
    const { part, shown } = readCode(text, at, seen)
    const open = holes.at(-1)
    if (part === '`') inTemplate = true
    else if (open !== undefined && part === '{') holes[holes.length - 1] = open + 1
    else if (open !== undefined && part === '}') {
      if (open === 0) {
        holes.pop()
        inTemplate = true
      } else holes[holes.length - 1] = open - 1
    }
    seen += shown
    at += part.length
  }
  return seen
}

/** The lines, counted from 1, on which a pattern with the `g` flag occurs. */
export function linesOf(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => text.slice(0, match.index).split('\n').length)
}
