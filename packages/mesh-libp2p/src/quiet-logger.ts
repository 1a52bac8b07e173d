import { format } from 'node:util'
import type { ComponentLogger, Logger } from '@libp2p/interface'
import type { Log } from '@rollcall/core'

/** libp2p's own placeholders: error, peer id, multiaddr, base58, base32, base64, CID, key. */
const LIBP2P_PLACEHOLDERS = /%[epabtmck]/g

/**
 * libp2p's logging, led into ours: its errors become debug lines, since a failed dial is an error to it and everyday life
 * to us, and its traces go nowhere. Without this it prints by itself whenever DEBUG is set.
 */
export const quietLogger = (log: Log): ComponentLogger => ({ forComponent: (name) => loggerFor(name, log) })

const loggerFor = (component: string, log: Log): Logger => {
  const silent = (): void => undefined
  const error = (template: unknown, ...args: unknown[]): void => {
    const text = String(template instanceof Error ? template.message : template).replace(LIBP2P_PLACEHOLDERS, '%s')
    log.debug('libp2p reports an error', { component, error: format(text, ...args.map(brief)) })
  }
  const newScope = (scope: string): Logger => loggerFor(`${component}:${scope}`, log)
  return Object.assign(silent, { error, trace: silent, enabled: false, newScope })
}

/** One line a value: a stack trace helps nobody here, and `format` would inspect objects at length. */
const brief = (value: unknown): string => (value instanceof Error ? `${value.name}: ${value.message}` : String(value))
