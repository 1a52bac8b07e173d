/** The token with which a command does what only an operator may. */
import type { Command } from 'commander'
import type { Context } from './context.ts'
import { UsageError } from './failure.ts'

export interface TokenOptions {
  readonly token?: string
}

export const withTokenOption = (command: Command): Command =>
  command.option('--token <token>', 'admin token (default: $ROLLCALL_ADMIN_TOKEN)')

/** @param what needs it, at the beginning of a sentence. @throws UsageError where none is given. */
export const adminToken = (context: Context, { token }: TokenOptions, what: string): string => {
  const given = token ?? context.environment.ROLLCALL_ADMIN_TOKEN
  if (given !== undefined && given !== '') return given
  throw new UsageError(`${what} needs an admin token: give --token or set ROLLCALL_ADMIN_TOKEN.`)
}
