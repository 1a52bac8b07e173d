/** How a command fails: one sentence for the reader, and the exit code of the error table. */
import { errorSpec, RollcallError } from '@rollcall/client'
import { ERRORS, type ErrorCode, type Failure } from '@rollcall/protocol'
import { CommanderError } from 'commander'

export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, refused: 4, unreachable: 5 } as const

/** The command was called wrongly. Its text is one sentence that says how to call it. */
export class UsageError extends Error {}

/** A failure that no registry had a part in, such as a key file that is not there. */
export class LocalError extends Error {
  readonly code: ErrorCode

  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'LocalError'
    this.code = failure.code
  }
}

/** A failure of this command itself, with a code of its own that says which. */
export class CommandError extends Error {
  readonly code: string
  readonly exit: number

  constructor(init: {
    readonly code: string
    readonly exit: number
    readonly message: string
    readonly cause?: unknown
  }) {
    super(init.message, { cause: init.cause })
    this.name = 'CommandError'
    this.code = init.code
    this.exit = init.exit
  }
}

export interface Report {
  readonly exit: number
  readonly error: string
  readonly message: string
  readonly remedy?: string
  readonly request_id?: string
  readonly registry?: string
}

/** What to tell of an error; undefined where commander has told it already, or nothing is wrong (help, version). */
export const reportOf = (error: unknown): Report | { readonly exit: number; readonly told: true } => {
  if (error instanceof CommanderError) {
    return { exit: error.exitCode === 0 ? EXIT.ok : EXIT.usage, told: true }
  }
  if (error instanceof UsageError) return { exit: EXIT.usage, error: 'usage', message: error.message }
  if (error instanceof LocalError) return { exit: ERRORS[error.code].exit, error: error.code, message: error.message }
  if (error instanceof CommandError) return { exit: error.exit, error: error.code, message: error.message }
  if (error instanceof RollcallError) {
    const { exit, remedy } = errorSpec(error.code)
    return {
      exit,
      error: error.code,
      message: error.message,
      remedy,
      ...(error.requestId === undefined ? {} : { request_id: error.requestId }),
      ...(error.registry === undefined ? {} : { registry: error.registry }),
    }
  }
  return { exit: EXIT.failed, error: 'failed', message: error instanceof Error ? error.message : String(error) }
}

export const reportText = (report: Report): string => {
  const where = [
    ...(report.request_id === undefined ? [] : [`request ${report.request_id}`]),
    ...(report.registry === undefined || report.message.includes(report.registry) ? [] : [report.registry]),
  ].join(' at ')
  const parts = [sentence(report.message), report.remedy, where === '' ? undefined : `(${where})`]
  return `rollcall: ${report.error}: ${parts.filter((part) => part !== undefined).join(' ')}`
}

const sentence = (text: string): string => (/[.!?…)]$/.test(text) ? text : `${text}.`)
