/**
 * The caps on files and functions.
 *
 * A function is found by its shape on the page: the formatter puts the closing brace of a block under the first character
 * of its opening line. That is simpler than parsing and as exact, because unformatted code does not pass the checks.
 */

import { codeOnly } from './code.ts'
import { type Check, isCode } from './finding.ts'

const fileLinesMax = 500
const functionLinesMax = 70

export const fileSize: Check = (files) =>
  files
    .filter(({ path }) => isCode(path))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > fileLinesMax)
    .map(({ path, lines }) => ({ path, line: 0, message: `${lines} lines, more than ${fileLinesMax}` }))

const indentOf = (line: string): number => line.length - line.trimStart().length
const isArrow = (line: string): boolean => /=>\s*\{\s*$/.test(line)
const isNamed = (line: string): boolean => /\bfunction\b.*\{\s*$/.test(line)
const isStatement = (line: string): boolean =>
  /^\s*(?:\}\s*)?(?:if|else|for|while|do|switch|try|catch|finally)\b/.test(line)
const isMethod = (line: string): boolean =>
  /^\s*(?:[a-z]+ )*[*#]?[\w$[\]'".]+(?:<.*>)?\(.*\)(?:: .*)?\s*\{\s*$/.test(line)
const isEndOfParameters = (line: string): boolean => /^\s*\).*\{\s*$/.test(line)
const registersTests = (line: string): boolean => /^\s*(?:describe|suite|test|it)(?:\.\w+)?\(/.test(line)

/** The index of the line on which a function begins whose body opens at the end of line `at`; undefined if none does. */
function functionStart(lines: readonly string[], at: number): number | undefined {
  const line = lines[at] ?? ''
  if (isEndOfParameters(line)) {
    const start = lines.findLastIndex(
      (other, index) => index < at && other.trim() !== '' && indentOf(other) <= indentOf(line),
    )
    return isStatement(lines[start] ?? '') ? undefined : start
  }
  if (isStatement(line) && !isArrow(line)) return undefined
  return isArrow(line) || isNamed(line) || isMethod(line) ? at : undefined
}

/**
 * Functions over the cap, nested ones included. A function that registers tests (the body of a `describe`, a compliance
 * suite) is a table of contents and may be long; the tests in it may not.
 */
export const functionSize: Check = (files) =>
  files
    .filter(({ path }) => isCode(path))
    .flatMap(({ path, text }) => {
      const lines = codeOnly(text).split('\n')
      return lines.flatMap((line, at) => {
        const start = functionStart(lines, at)
        if (start === undefined) return []
        const end = lines.findIndex(
          (other, index) => index > at && other.trim() !== '' && indentOf(other) <= indentOf(line),
        )
        const length = end - start + 1
        const isContents = lines
          .slice(at + 1, end)
          .some((inner) => indentOf(inner) === indentOf(line) + 2 && registersTests(inner))
        if (length <= functionLinesMax || isContents) return []
        return [{ path, line: start + 1, message: `a function of ${length} lines, more than ${functionLinesMax}` }]
      })
    })
