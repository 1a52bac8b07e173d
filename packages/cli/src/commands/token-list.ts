import type { Command } from 'commander'
import { type TokenFileOptions, tokenFile, withTokenFileOptions } from '../admin-token-file.ts'
import type { Context } from '../context.ts'
import { table } from '../output/table.ts'

/** `rollcall token list`: the admin tokens of a node, by what names them; the tokens themselves nobody can show. */
export const tokenList = (command: Command) => {
  withTokenFileOptions(command.description('list the admin tokens of a node'))
  return async (context: Context, options: TokenFileOptions): Promise<undefined> => {
    const file = await tokenFile(context, options)
    const { listTokens } = await import('@rollcall/node')
    const tokens = listTokens(file).map(({ id, createdAt, note }) => ({ id, created_at: createdAt, note }))
    const rows = tokens.map(({ id, created_at, note }) => [id, created_at, note])
    context.result({
      json: tokens,
      quiet: tokens.map(({ id }) => id),
      human: tokens.length === 0 ? [`${file} holds no token`] : table(['ID', 'CREATED', 'NOTE'], rows),
    })
  }
}
