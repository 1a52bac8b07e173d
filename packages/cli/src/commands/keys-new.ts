import { generateSeed, keyPairOf, writeKeyFile } from '@rollcall/identity/node'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { LocalError } from '../failure.ts'
import { keyFacts, keyView } from '../identity.ts'

/** `rollcall keys new`: makes a key and writes its file, never over another one unless told to. */
export const keysNew = (command: Command) => {
  command.description('make a key and write its file').option('--force', 'replace the key file, if there is one')
  return async (context: Context, options: { readonly force?: boolean }): Promise<undefined> => {
    const pair = keyPairOf(generateSeed())
    const path = context.keyPath
    const written = await writeKeyFile(path, pair, { overwrite: options.force === true })
    if (!written.ok) throw new LocalError({ ...written, message: `${written.message}; --force replaces it` })
    const view = keyView(pair, path)
    context.result({ json: view, quiet: [view.agent_id], human: keyFacts(view) })
  }
}
