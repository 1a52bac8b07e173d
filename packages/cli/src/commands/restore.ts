import type { Command } from 'commander'
import { withBackups } from '../backup-failure.ts'
import type { Context } from '../context.ts'
import { type DataOptions, dataFolder, withDataOptions } from '../data-folder.ts'

/** `rollcall restore`: the data folder of a stopped node from a backup; nothing that is there is deleted. */
export const restore = (command: Command) => {
  withDataOptions(command.description('make the data folder of a node from a backup'))
    .argument('<file>', 'file that rollcall backup wrote')
    .option('--force', 'move aside what is in the folder')
  return async (
    context: Context,
    file: string,
    options: DataOptions & { readonly force?: boolean },
  ): Promise<undefined> => {
    const folder = await dataFolder(context, options)
    const replace = options.force === true
    const restored = await withBackups(({ restoreBackup }) =>
      context.progress(`restoring ${folder}`, restoreBackup(file, folder, { replace })),
    )
    const { nodeId, madeAt, hasKey, rows, movedTo } = restored
    context.result({
      json: { data_dir: folder, node_id: nodeId, made_at: madeAt, has_key: hasKey, rows, moved_to: movedTo ?? null },
      quiet: [folder],
      human: [`restored ${folder} from the copy of ${madeAt}: node ${nodeId}, ${rows} rows`],
    })
    if (movedTo !== undefined) context.note(`what was there is in ${movedTo}`)
    if (!hasKey) context.note('the backup has no key: the node has the one in its folder, or a new one')
    context.note('what ended since the copy ends here with the first sync; start the node and check `node status`')
  }
}
