import { deriveEntitySeed } from '@rollcall/identity'
import { keyPairOf, writeKeyFile } from '@rollcall/identity/node'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { LocalError, UsageError } from '../failure.ts'
import { keyFacts, keyView } from '../identity.ts'
import { count } from '../options.ts'

interface Options {
  readonly index: number
  readonly out?: string
  readonly force?: boolean
}

const INDEX_MAX = 0xffffffff

/** `rollcall keys derive`: an entity key from the developer key in the key file; the same index gives the same key. */
export const keysDerive = (command: Command) => {
  command
    .description('derive an entity key from the key file, taken as a developer key')
    .option('--index <n>', 'which entity of the developer', count, 0)
    .option('--out <file>', 'write the entity key to this file')
    .option('--force', 'replace that file, if there is one')
  return async (context: Context, options: Options): Promise<undefined> => {
    if (options.index > INDEX_MAX) throw new UsageError(`--index is at most ${INDEX_MAX}.`)
    const developer = await context.key()
    const pair = keyPairOf(deriveEntitySeed(developer.seed, options.index), {
      developerPublicKey: developer.publicKey,
      entityIndex: options.index,
    })
    if (options.out !== undefined) {
      const written = await writeKeyFile(options.out, pair, { overwrite: options.force === true })
      if (!written.ok) throw new LocalError(written)
    }
    const view = keyView(pair, options.out)
    context.result({ json: view, quiet: [view.agent_id], human: keyFacts(view) })
    if (options.out === undefined) context.note('not written anywhere; --out FILE writes the key')
  }
}
