import type { NodeOptions } from '@rollcall/node'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { table } from '../output/table.ts'
import { reportProblems } from './node-check.ts'
import { withNodeOptions } from './node-start.ts'

/** `rollcall node config show`: every setting, its value and who set it; what may be a secret is masked. */
export const nodeConfigShow = (command: Command) => {
  withNodeOptions(command.description('show every setting, its value and where it comes from'))
  return async (context: Context, options: NodeOptions): Promise<number> => {
    const { ConfigError, showConfig } = await import('@rollcall/node')
    try {
      const settings = showConfig(options, context.environment)
      context.result({
        json: settings,
        quiet: settings.map(({ key, value }) => `${key}=${value}`),
        human: table(
          ['SETTING', 'VALUE', 'SOURCE'],
          settings.map(({ key, value, source }) => [key, value, source]),
        ),
      })
      return EXIT.ok
    } catch (error) {
      if (error instanceof ConfigError) return reportProblems(context, error.problems)
      throw error
    }
  }
}
