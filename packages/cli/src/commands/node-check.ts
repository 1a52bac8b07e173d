import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeOptions } from '@rollcall/node'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { withNodeOptions } from './node-start.ts'

/** `rollcall node check`: would a node start with this configuration, and could it write its data? Starts nothing. */
export const nodeCheck = (command: Command) => {
  withNodeOptions(command.description('check a configuration and its data folder without starting a node'))
  return async (context: Context, options: NodeOptions): Promise<number> => {
    const { loadConfig } = await import('@rollcall/node')
    const loaded = loadConfig(options, context.environment)
    if (!loaded.ok) return reportProblems(context, loaded.problems)
    const folder = loaded.config.node.dataDir
    const problem = await writeProblem(folder)
    if (problem !== undefined) return reportProblems(context, [problem], EXIT.failed)
    context.result({
      json: { ok: true, problems: [], data_dir: folder },
      quiet: ['ok'],
      human: [`ok: the configuration stands, and ${folder} can be written`],
    })
    return EXIT.ok
  }
}

/**
 * Tells what is wrong, one sentence a line; every problem, so that one run shows all there is to mend. Answers with the
 * exit code that `node start` would end with.
 */
export const reportProblems = (context: Context, problems: readonly string[], exit: number = EXIT.usage): number => {
  if (context.json) context.line(JSON.stringify({ ok: false, problems }))
  else for (const problem of problems) context.complain(`rollcall: ${problem}`)
  return exit
}

/** Writes and removes a small file, as the rights of a folder alone do not tell (a full disk, a read-only mount). */
const writeProblem = async (folder: string): Promise<string | undefined> => {
  const probe = join(folder, `.check-${randomBytes(4).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(probe, 'x')
    await rm(probe)
    return undefined
  } catch (error) {
    return `the data folder ${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}.`
  }
}
