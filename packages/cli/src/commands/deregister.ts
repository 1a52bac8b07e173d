import { nativeSigner } from '@rollcall/identity/node'
import type { EntityId } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { signsFor } from '../identity.ts'
import { entityId } from '../options.ts'

/** `rollcall deregister`: ends an entity, signed by itself or by its developer, whichever the key is. */
export const deregister = (command: Command) => {
  command.description('end a registered entity').argument('<id>', 'id of the entity', entityId)
  return async (context: Context, id: EntityId): Promise<undefined> => {
    const pair = await context.key()
    const client = context.client(nativeSigner(pair.seed))
    await context.progress('deregistering', client.deregister(id, { by: signsFor(pair, id) }))
    context.result({ json: { entity_id: id, status: 'deregistered' }, quiet: [id], human: [`deregistered ${id}`] })
  }
}
