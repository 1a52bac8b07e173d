/** Tables for people: aligned columns, two blanks between, no lines. */

// Colours take no room on the screen.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOUR = /\u001b\[\d+m/g

const widthOf = (text: string): number => [...text.replace(COLOUR, '')].length

const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** Lines of a table with a heading. The last column is not padded, so that no line ends in blanks. */
export const table = (heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => {
  const all = [heading, ...rows].map((row) => row.map(printable))
  const widths = heading.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  return all.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Lines of `name  value`, without those that have no value. */
export const facts = (pairs: readonly (readonly [name: string, value: string | undefined])[]): readonly string[] => {
  const known = pairs.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(0, ...known.map(([name]) => widthOf(name)))
  return known.map(([name, value = '']) => `${padded(name, width)}  ${printable(value)}`)
}

/**
 * Text from outside without what a terminal would obey: a name with an escape sequence could rewrite the screen. The
 * colours put in here are kept.
 */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  text.replace(/\u001b(?!\[(?:0|1|2|31|32|33)m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/g, '�')
