import type { EntityId } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse } from '../developer.ts'
import { entityId } from '../options.ts'

/** `rollcall name bind`: signed by the developer whose proof the entity carries, and who holds a handle. */
export const nameBind = (command: Command) => {
  command
    .description('give an entity of the developer of the key in use a full name')
    .argument('<id>', 'id of the entity', entityId)
    .argument('<name>', 'its name under the handle, a-z, 0-9, -')
    .option('--version-label <text>', 'version that the name stands for', '')
  return async (
    context: Context,
    id: EntityId,
    name: string,
    options: { readonly versionLabel: string },
  ): Promise<undefined> => {
    const developer = await developerInUse(context)
    const binding = { entityId: id, name, version: options.versionLabel }
    const answer = await context.progress('binding', developer.bindName(binding))
    const fqan = String(answer.fqan)
    context.result({ json: answer, quiet: [fqan], human: [`${fqan} is ${id}`] })
  }
}
