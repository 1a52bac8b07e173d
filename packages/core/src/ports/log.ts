export type LogFields = Readonly<Record<string, unknown>>

/** Structured log. The shape is pino's reversed (message first), so a call reads as a sentence. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log
}
