/** Server-sent events, read from text as it arrives (HTML standard, 9.2.6). */
export interface ServerSentEvent {
  /** The last `id` seen, which the standard carries over to events without one; empty before the first. */
  readonly id: string
  /** `message` where the event names no type. */
  readonly event: string
  readonly data: string
}

/** Longest text that may wait for its blank line, in characters. */
const PENDING_CHARS_MAX = 1024 * 1024

export class SseParser {
  #pending = ''
  #id = ''
  #event = ''
  #data: string[] = []

  /** Takes a piece of the stream and answers with the events it completes. @throws Error where a line has no end. */
  push(piece: string): readonly ServerSentEvent[] {
    const text = this.#pending + piece
    // A carriage return at the end may be the first half of a line end.
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text
    const lines = whole.split(/\r\n|\n|\r/)
    this.#pending = (lines.pop() ?? '') + text.slice(whole.length)
    if (this.#pending.length > PENDING_CHARS_MAX) throw new Error('an event of the feed has no end')
    return lines.flatMap((line) => this.#line(line) ?? [])
  }

  /** The last `id` seen, also one that came without an event; empty before the first. */
  get lastId(): string {
    return this.#id
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'id' && !value.includes('\0')) this.#id = value
    else if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    return undefined
  }

  #dispatch(): ServerSentEvent | undefined {
    const data = this.#data
    const event = this.#event === '' ? 'message' : this.#event
    this.#event = ''
    this.#data = []
    return data.length === 0 ? undefined : { id: this.#id, event, data: data.join('\n') }
  }
}
