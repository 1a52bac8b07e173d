import { nativeSigner } from '@rollcall/identity/node'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { UsageError } from '../failure.ts'
import { proofFor } from '../identity.ts'
import { type ProfileOptions, profileFields, withProfileOptions } from '../options.ts'

/** `rollcall register`: registers the entity of the key in use. */
export const register = (command: Command) => {
  withProfileOptions(command.description('register the entity of the key in use'))
  return async (context: Context, options: ProfileOptions): Promise<undefined> => {
    const fields = profileFields(options)
    if (fields.name === undefined || fields.entity_url === undefined) {
      throw new UsageError('a registration needs --name and --url.')
    }
    const pair = await context.key()
    const developerProof = await proofFor(context, pair, options)
    const entity = await context.progress(
      'registering',
      context.client(nativeSigner(pair.seed)).register(fields, {
        ...(options.type === undefined ? {} : { type: options.type }),
        ...(developerProof === undefined ? {} : { developerProof }),
      }),
    )
    context.result({
      json: entity,
      quiet: [entity.entity_id],
      human: [
        `registered ${fields.name} as ${entity.entity_id}; it is inactive until its first heartbeat (rollcall run)`,
      ],
    })
  }
}
