import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse } from '../developer.ts'

/** `rollcall handle claim`: of two developers that claim the same handle the older claim holds it, on every node. */
export const handleClaim = (command: Command) => {
  command
    .description('claim a handle for the developer of the key in use')
    .argument('<handle>', 'short name, a-z, 0-9, -')
  return async (context: Context, handle: string): Promise<undefined> => {
    const { id, client } = await developerInUse(context)
    const body = { developer_id: id, handle }
    const act = { method: 'POST', path: '/v1/handles', kind: 'claim_handle', body } as const
    const answer = await context.progress('claiming', client.developerAct(act))
    context.result({ json: answer, quiet: [handle], human: [`${id} holds ${handle}`] })
  }
}
