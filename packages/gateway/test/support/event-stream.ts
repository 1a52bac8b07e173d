/** A reader of server-sent events. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { within } from './within.ts'

export interface ServerEvent {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

export class EventStream {
  readonly events: ServerEvent[] = []
  readonly comments: string[] = []
  /** Blocks without data: they set the id to resume from, and are no event. */
  readonly bareIds: string[] = []
  hasEnded = false
  response: IncomingMessage | undefined
  readonly #request: ClientRequest
  #rest = ''
  #wake: () => void = () => {}

  constructor(url: string, headers: Record<string, string> = {}) {
    this.#request = request(url, { headers, agent: false }, (response) => {
      this.response = response
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => this.#take(chunk))
      response.on('close', () => {
        this.hasEnded = true
        this.#wake()
      })
      this.#wake()
    })
    this.#request.on('error', () => {
      this.hasEnded = true
      this.#wake()
    })
    this.#request.end()
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!isSo()) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    await within(what, wait(), 15_000)
  }

  close(): void {
    this.#request.destroy()
  }

  #take(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith(':')) this.comments.push(block)
      else if (block.includes('data: ')) this.events.push(parse(block))
      else this.bareIds.push(block)
    }
    this.#wake()
  }
}

const parse = (block: string): ServerEvent => {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  return { id: field('id'), event: field('event'), data: JSON.parse(field('data') ?? '{}') }
}
