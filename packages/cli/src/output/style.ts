import type { Environment } from '../registry.ts'

/** Colours for a terminal; plain text anywhere else, and where NO_COLOR is set (no-color.org). */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly red: (text: string) => string
}

export const styleFor = (stream: { readonly isTTY?: boolean }, environment: Environment): Style => {
  const coloured = stream.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb'
  const paint =
    (code: number) =>
    (text: string): string =>
      coloured ? `\u001b[${code}m${text}\u001b[0m` : text
  return { bold: paint(1), dim: paint(2), green: paint(32), yellow: paint(33), red: paint(31) }
}

/** Active is green, anything else that an entity or a node can be is not. */
export const statusStyle = (style: Style, status: string): string => {
  if (status === 'active' || status === 'heard') return style.green(status)
  return status === 'inactive' || status === 'suspect' ? style.yellow(status) : style.red(status)
}
