/** Why a node did not start, as a sentence that says what to do about it. */
import { StoreError } from '@rollcall/core'
import type { Config } from './config/index.ts'
import { NodeKeyError } from './key.ts'

export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartError'
  }
}

/** What was being done when the error came up. */
export type Stage =
  | 'data directory'
  | 'mesh settings'
  | 'state'
  | 'mesh.listen'
  | 'http.tls_certificate_file'
  | 'http.listen'
  | 'metrics.listen'

/** The sentence for what went wrong at a stage. */
export const startError = (stage: Stage, error: unknown, config: Config): StartError => {
  return new StartError(sentence(stage, error, reasonOf(error), config), { cause: error })
}

/** What the error says, in one line. That of libp2p is a page, with the reason after the first "Error:". */
const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  const [first = ''] = text.split('\n')
  return /^.*\bError: (.+)$/m.exec(text)?.[1] ?? first
}

const sentence = (stage: Stage, error: unknown, reason: string, config: Config): string => {
  if (error instanceof NodeKeyError) return reason
  if (error instanceof StoreError) return storeSentence(error, config.node.dataDir)
  switch (stage) {
    case 'data directory':
      return `the data directory ${config.node.dataDir} cannot be used: ${reason}`
    case 'http.listen':
      return addressSentence(`http.listen ${config.http.listen}`, error, reason)
    case 'metrics.listen':
      return addressSentence(`metrics.listen ${config.metrics.listen}`, error, reason)
    case 'mesh.listen':
      return addressSentence(`mesh.listen ${config.mesh.listen}`, error, reason)
    default:
      return `the node could not be started (${stage}): ${reason}`
  }
}

const addressSentence = (address: string, error: unknown, reason: string): string =>
  speaksOf(error, 'EADDRINUSE')
    ? `${address} is in use by another program. Stop that one, or choose another address.`
    : `${address} cannot be used: ${reason}`

const storeSentence = (error: StoreError, dataDir: string): string => {
  switch (error.code) {
    case 'locked':
      return `the data directory ${dataDir} is in use by another node. Stop that one, or give this one a directory of its own with --data.`
    case 'too_new':
      return `the store in ${dataDir} was written by a newer version of rollcall. Start that version, or give this one another directory.`
    case 'corrupt':
      return `the store in ${dataDir} cannot be read (${error.message}). Move it away: the other nodes hold everything and bring it again.`
    default:
      return `the store in ${dataDir} cannot be opened: ${error.message}`
  }
}

/** Whether the error is of this code of the operating system. libp2p keeps only the text of the one it met. */
const speaksOf = (error: unknown, code: string): boolean =>
  error instanceof Error && (('code' in error && error.code === code) || error.message.includes(code))
