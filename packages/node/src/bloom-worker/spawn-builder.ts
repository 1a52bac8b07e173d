import { Worker } from 'node:worker_threads'

/**
 * A thread that runs builder.ts: the built file beside this one, or the source itself where this file is run from source.
 *
 * On Node 20 a thread does not inherit the loader that tsx puts into the process, and `--import tsx` in its arguments
 * does nothing; so the thread is started with a line that registers the loader first.
 */
export const spawnBuilder = (): Worker => {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./builder.js', import.meta.url), { execArgv: [] })
  }
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const entry = JSON.stringify(new URL('./builder.ts', import.meta.url).href)
  const line = `import(${loader}).then(({ register }) => { register(); return import(${entry}) })`
  return new Worker(line, { eval: true, execArgv: ['--conditions=@rollcall/source'] })
}
