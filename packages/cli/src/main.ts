import { Context } from './context.ts'
import { reportOf, reportText } from './failure.ts'
import { makeProgram } from './program.ts'

/**
 * Runs one command. Resolves with the exit code: 0 ok, 1 failed, 2 usage, 3 not found, 4 refused, 5 unreachable; `run` with
 * a command of its own ends with the code of that command.
 */
export const main = async (args: readonly string[]): Promise<number> => {
  const { stdout, stderr, env: environment } = process
  // The reader of a pipe may have had enough (`rollcall search | head`).
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  let exit = 0
  const program = makeProgram(
    (options) => new Context(options, { stdout, stderr, environment }),
    (code) => {
      exit = code
    },
  )
  try {
    await program.parseAsync(args, { from: 'user' })
    return exit
  } catch (error) {
    const report = reportOf(error)
    if (!('told' in report)) {
      const asJson = program.opts<{ json?: boolean }>().json === true
      stderr.write(`${asJson ? jsonReport(report) : reportText(report)}\n`)
    }
    return report.exit
  }
}

const jsonReport = ({ exit: _, ...report }: { readonly exit: number }): string => JSON.stringify(report)
