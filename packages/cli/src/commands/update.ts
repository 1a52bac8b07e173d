import { nativeSigner } from '@rollcall/identity/node'
import type { EntityId } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { UsageError } from '../failure.ts'
import { signsFor } from '../identity.ts'
import { assignments, collect, entityId } from '../options.ts'

/** `rollcall update`: sets fields of a record, signed by its entity or its developer, whichever the key is. */
export const update = (command: Command) => {
  command
    .description('change fields of a registered entity')
    .argument('<id>', 'id of the entity', entityId)
    .option('--set <field=value>', 'a field and its new value, empty to remove it; repeatable', collect)
  return async (context: Context, id: EntityId, options: { readonly set?: readonly string[] }): Promise<undefined> => {
    const fields = assignments(options.set)
    const names = Object.keys(fields)
    if (names.length === 0) throw new UsageError('nothing to change: give --set FIELD=VALUE.')
    const pair = await context.key()
    const client = context.client(nativeSigner(pair.seed))
    const entity = await context.progress('updating', client.update(id, fields, { by: signsFor(pair, id) }))
    context.result({ json: entity, quiet: [id], human: [`updated ${names.join(', ')} of ${entity.name ?? id}`] })
  }
}
