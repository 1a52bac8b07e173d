import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { keyFacts, keyView } from '../identity.ts'

/** `rollcall keys show`: the public side of the key file, and the ids that follow from it. */
export const keysShow = (command: Command) => {
  command.description('show the public key and the ids that follow from it')
  return async (context: Context): Promise<undefined> => {
    const path = context.keyPath
    const view = keyView(await context.key(path), path)
    context.result({ json: view, quiet: [view.agent_id], human: keyFacts(view) })
  }
}
