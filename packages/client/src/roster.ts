/**
 * The nodes a session may use, in order: the configured ones first, then those that nodes name. Learnt addresses come last,
 * because a node may know its neighbours under names that do not resolve where this client runs.
 */
export class Roster {
  readonly #urls: string[]
  readonly #max: number
  #at = 0

  /** @param max most addresses kept; a node that names more is not believed further. */
  constructor(registries: readonly string[], max = 64) {
    this.#urls = [...new Set(registries.map(baseUrl))].slice(0, max)
    if (this.#urls.length === 0) throw new RangeError('a client needs at least one registry URL')
    this.#max = max
  }

  get current(): string {
    return this.#urls[this.#at] ?? ''
  }

  get urls(): readonly string[] {
    return this.#urls
  }

  /** Goes to the next address, after the last one to the first again. */
  advance(): void {
    this.#at = (this.#at + 1) % this.#urls.length
  }

  /** Adds addresses not yet known at the end. What is no http or https URL is left out. */
  learn(urls: readonly string[]): void {
    for (const text of urls) {
      if (this.#urls.length >= this.#max) return
      if (!isHttpUrl(text)) continue
      const url = baseUrl(text)
      if (!this.#urls.includes(url)) this.#urls.push(url)
    }
  }

  /** Makes a known address the current one; false where it is not known. */
  goTo(url: string): boolean {
    const at = this.#urls.indexOf(baseUrl(url))
    if (at >= 0) this.#at = at
    return at >= 0
  }
}

/** An address without the slashes at its end, so that a path can follow. */
export const baseUrl = (url: string): string => url.replace(/\/+$/, '')

export const isHttpUrl = (text: string): boolean => /^https?:\/\/[^\s/]+/i.test(text)
