import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { keyFacts, keyView } from '../identity.ts'
import { facts } from '../output/table.ts'

/** `rollcall whoami`: the key in use and the registry it would talk to. Asks nobody. */
export const whoami = (command: Command) => {
  command.description('show the key and the registry that commands use')
  return async (context: Context): Promise<undefined> => {
    const path = context.keyPath
    const view = keyView(await context.key(path), path)
    const { urls, source } = context.registries
    context.result({
      json: { ...view, registries: urls, registry_source: source },
      quiet: [view.agent_id],
      human: [...keyFacts(view), ...facts([['registry    ', `${urls.join(', ')} (${source})`]])],
    })
  }
}
