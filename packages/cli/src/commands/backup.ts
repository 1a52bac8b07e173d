import { errorOfAnswer, RollcallError } from '@rollcall/client'
import type { BackupSummary } from '@rollcall/node'
import type { Command } from 'commander'
import { adminToken, type TokenOptions, withTokenOption } from '../admin-token.ts'
import { withBackups } from '../backup-failure.ts'
import type { Context } from '../context.ts'
import { type DataOptions, dataFolder, withDataOptions } from '../data-folder.ts'

interface Options extends DataOptions, TokenOptions {
  readonly online?: boolean
  readonly force?: boolean
}

/**
 * `rollcall backup`: a copy of a node in one file. Of a stopped node with its key, so that the file can be the node again;
 * of a running one (--online) without, because a key travels over no network.
 */
export const backup = (command: Command) => {
  withTokenOption(withDataOptions(command.description('copy the store of a node into a file')))
    .argument('<file>', 'file to write; only its owner may read it')
    .option('--online', 'ask the running node at --registry for the copy, with an admin token; its key is left out')
    .option('--force', 'replace the file, if there is one')
  return async (context: Context, file: string, options: Options): Promise<undefined> => {
    const overwrite = { overwrite: options.force === true }
    const summary = await withBackups(async ({ makeBackup, saveBackup }) => {
      if (options.online !== true) {
        const folder = await dataFolder(context, options)
        return context.progress(`copying ${folder}`, makeBackup(folder, file, overwrite))
      }
      const token = adminToken(context, options, 'A backup of a running node')
      const [registry = ''] = context.registries.urls
      return context.progress(`copying ${registry}`, saveBackup(bytesFrom(registry, token), file, overwrite))
    })
    tell(context, file, summary)
  }
}

const tell = (context: Context, file: string, { nodeId, madeAt, hasKey, rows, bytes }: BackupSummary): void => {
  context.result({
    json: { file, node_id: nodeId, made_at: madeAt, has_key: hasKey, rows, bytes },
    quiet: [file],
    human: [`wrote ${file}: node ${nodeId}, ${rows} rows, ${bytes} bytes, ${hasKey ? 'with' : 'without'} its key`],
  })
  if (hasKey) context.note('whoever has this file can be the node: keep it as safe as the key')
}

/** @throws RollcallError where the node refuses, or cannot be reached. */
async function* bytesFrom(registry: string, token: string): AsyncGenerator<Uint8Array> {
  const base = registry.replace(/\/+$/, '')
  const response = await fetched(`${base}/v1/admin/backup`, token, base)
  if (!response.ok) {
    throw errorOfAnswer({
      status: response.status,
      body: await response.text(),
      registry: base,
      requestId: response.headers.get('x-request-id'),
      retryAfter: response.headers.get('retry-after'),
    })
  }
  if (response.body !== null) yield* response.body
}

const fetched = async (url: string, token: string, registry: string): Promise<Response> => {
  try {
    return await fetch(url, { headers: { authorization: `Bearer ${token}` }, redirect: 'error' })
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RollcallError('unreachable', `${registry}: ${reason}`, { registry, cause: error })
  }
}
