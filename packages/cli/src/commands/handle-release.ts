import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { developerInUse } from '../developer.ts'

/** `rollcall handle release`: gives a handle up; the full names under it go with it. */
export const handleRelease = (command: Command) => {
  command.description('release a handle of the developer of the key in use').argument('<handle>', 'the handle')
  return async (context: Context, handle: string): Promise<undefined> => {
    const { id, client } = await developerInUse(context)
    const body = { developer_id: id, handle }
    const path = `/v1/handles/${encodeURIComponent(handle)}`
    const answer = await context.progress(
      'releasing',
      client.developerAct({ method: 'DELETE', path, kind: 'release_handle', body }),
    )
    context.result({ json: answer, quiet: [handle], human: [`released ${handle}`] })
  }
}
