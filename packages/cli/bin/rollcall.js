#!/usr/bin/env node
/**
 * Starts the command: what is built where there is a build, else the sources. Started under the condition
 * `@rollcall/source`, as tests do, it takes the sources in any case. Plain JavaScript, because it runs before everything.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const entry = import.meta.resolve('@rollcall/cli')

if (existsSync(fileURLToPath(entry))) {
  const { main } = await import(entry)
  process.exitCode = await main(process.argv.slice(2))
} else {
  // The conditions of a process are fixed when it starts, so the sources need one of their own.
  const flags = ['--import', import.meta.resolve('tsx'), '--conditions=@rollcall/source']
  const child = spawn(process.execPath, [...flags, ...process.argv.slice(1)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // At a terminal Ctrl-C reaches the child by itself.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)))
  }
  child.once('error', (error) => {
    process.stderr.write(`rollcall is not built, and its sources cannot be run: ${error.message}\n`)
    process.exitCode = 1
  })
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
}
