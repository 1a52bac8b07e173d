import type { Command } from 'commander'
import { type TokenFileOptions, tokenFile, withTokenFileOptions } from '../admin-token-file.ts'
import type { Context } from '../context.ts'

/** `rollcall token mint`: makes an admin token. It is shown once; the file keeps only its hash. */
export const tokenMint = (command: Command) => {
  withTokenFileOptions(command.description('make an admin token, shown once')).option(
    '--note <text>',
    'what it is for, shown in lists',
    '',
  )
  return async (context: Context, options: TokenFileOptions & { readonly note: string }): Promise<undefined> => {
    const file = await tokenFile(context, options)
    const { mintToken } = await import('@rollcall/node')
    const { token, entry } = mintToken(file, options.note)
    const { id, createdAt, note } = entry
    context.result({ json: { id, token, created_at: createdAt, note, file }, quiet: [token], human: [token] })
    context.note(`token ${id} is in ${file}; it is shown this once. A running node takes it from now on`)
  }
}
