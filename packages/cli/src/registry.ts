/** Which registry a command talks to, and who said so. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseJsonObject } from '@rollcall/protocol'
import { UsageError } from './failure.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export const DEFAULT_REGISTRY = 'http://127.0.0.1:8081'

export interface ChosenRegistries {
  /** The preferred one first. */
  readonly urls: readonly string[]
  /** `--registry`, the name of a variable, the path of a file, or `default`. */
  readonly source: string
}

/**
 * Flag, then ROLLCALL_REGISTRY_URL, ZYND_REGISTRY_URL, Zynd's configuration file, then a node on this machine. A variable
 * may hold several addresses, separated by commas. @throws UsageError where one is no http or https URL.
 */
export const chooseRegistries = (flags: readonly string[], environment: Environment): ChosenRegistries => {
  const chosen = firstSet(flags, environment)
  const wrong = chosen.urls.find((url) => !/^https?:\/\/[^\s/]+/i.test(url))
  if (wrong === undefined) return chosen
  throw new UsageError(`the registry ${JSON.stringify(wrong)} (${chosen.source}) is not an http or https URL.`)
}

const firstSet = (flags: readonly string[], environment: Environment): ChosenRegistries => {
  if (flags.length > 0) return { urls: flags, source: '--registry' }
  for (const name of ['ROLLCALL_REGISTRY_URL', 'ZYND_REGISTRY_URL']) {
    const urls = (environment[name] ?? '').split(',').map((url) => url.trim())
    const given = urls.filter((url) => url !== '')
    if (given.length > 0) return { urls: given, source: name }
  }
  const path = join(environment.ZYND_HOME ?? join(homeOf(environment), '.zynd'), 'config.json')
  const url = registryInFile(path)
  return url === undefined ? { urls: [DEFAULT_REGISTRY], source: 'default' } : { urls: [url], source: path }
}

/** The home folder; the variable first, because a test or a service may set it. */
export const homeOf = (environment: Environment): string => environment.HOME ?? homedir()

const registryInFile = (path: string): string | undefined => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`)
  }
  const file = parseJsonObject(text)
  if (file === undefined) throw new UsageError(`${path} is not a JSON object; remove it or give --registry.`)
  return typeof file.registry_url === 'string' && file.registry_url !== '' ? file.registry_url : undefined
}
