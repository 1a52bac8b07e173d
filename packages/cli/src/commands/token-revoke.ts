import type { Command } from 'commander'
import { type TokenFileOptions, tokenFile, withTokenFileOptions } from '../admin-token-file.ts'
import type { Context } from '../context.ts'
import { LocalError } from '../failure.ts'

/** `rollcall token revoke`: a running node refuses the token from the next request on. */
export const tokenRevoke = (command: Command) => {
  withTokenFileOptions(command.description('take an admin token back').argument('<id>', 'id of the token, as listed'))
  return async (context: Context, id: string, options: TokenFileOptions): Promise<undefined> => {
    const file = await tokenFile(context, options)
    const { revokeToken } = await import('@rollcall/node')
    if (!revokeToken(file, id)) {
      throw new LocalError({ ok: false, code: 'not_found', message: `${file} holds no token ${id}` })
    }
    context.result({ json: { id, revoked: true, file }, quiet: [id], human: [`revoked ${id}`] })
  }
}
