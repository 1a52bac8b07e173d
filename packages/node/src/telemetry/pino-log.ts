import type { Log, LogFields } from '@rollcall/core'
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import pretty from 'pino-pretty'

export interface PinoLogInit {
  /** The least important lines still written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** `auto`: pretty where standard output is a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** Stands in every line. */
  readonly fields?: LogFields
  /** Where lines go. Default: standard output. */
  readonly destination?: DestinationStream
}

const MESSAGE_FIRST = { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' } as const

/**
 * The log port on pino. Lines are written at once: the last words before a crash are the ones that matter, and a
 * node says little at `info`. Errors under `error` and `err` keep their stack and causes.
 */
export class PinoLog implements Log {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  static create(init: PinoLogInit): PinoLog {
    const isPretty = init.format === 'pretty' || (init.format === 'auto' && process.stdout.isTTY === true)
    const options = {
      level: init.level,
      base: init.fields ?? {},
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause, error: stdSerializers.errWithCause },
    }
    if (!isPretty) return new PinoLog(pino(options, init.destination ?? pino.destination({ dest: 1, sync: true })))
    const destination = init.destination ?? 1
    return new PinoLog(
      pino(options, pretty({ ...MESSAGE_FIRST, colorize: process.stdout.isTTY === true, sync: true, destination })),
    )
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#logger.debug(fields, message)
  }

  info(message: string, fields: LogFields = {}): void {
    this.#logger.info(fields, message)
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#logger.warn(fields, message)
  }

  error(message: string, fields: LogFields = {}): void {
    this.#logger.error(fields, message)
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(fields))
  }
}
