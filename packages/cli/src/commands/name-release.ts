import type { Fqan } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse, fullName, namePath } from '../developer.ts'

/** `rollcall name release`: the entity stays registered, without a full name. */
export const nameRelease = (command: Command) => {
  command.description('release a full name').argument('<fqan>', 'handle/name, or registry/handle/name', fullName)
  return async (context: Context, fqan: Fqan): Promise<undefined> => {
    const { client } = await developerInUse(context)
    const path = namePath('names', fqan)
    const held = await context.progress('asking', client.read(path))
    const body = { entity_id: held.entity_id ?? null, entity_name: fqan.name }
    const act = { method: 'DELETE', path, kind: 'release_name', body } as const
    const answer = await context.progress('releasing', client.developerAct(act))
    const text = String(answer.fqan)
    context.result({ json: answer, quiet: [text], human: [`released ${text}`] })
  }
}
