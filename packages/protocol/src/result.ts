import type { ErrorCode } from './errors.ts'

/** What became of input from outside: a value, or a failure with a code of the one error table. */
export type Result<T> = { readonly ok: true; readonly value: T } | Failure

export interface Failure {
  readonly ok: false
  readonly code: ErrorCode
  /** One sentence that names the value and the bound. */
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
}

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const fail = (code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>): Failure =>
  details === undefined ? { ok: false, code, message } : { ok: false, code, message, details }
