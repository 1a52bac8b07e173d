/**
 * The cards of entities, fetched from the agents themselves (zynd-wire.md §4.1, §8).
 *
 * A card is kept for an hour. After that it is fetched anew, and where the agent cannot be reached the old one is shown
 * with its age: an agent that sleeps has not changed what it is. One fetch at a time goes to an entity, a bounded number
 * goes out at once, and an agent that just failed is left in peace for a moment.
 */
import type { Clock, EntityView, Log, Metrics } from '@rollcall/core'
import { type EntityId, type Failure, ok, parseJsonObject, type Result, type Verifier } from '@rollcall/protocol'
import type { GatewaySettings } from '../settings.ts'
import { isPublicAddress } from './addresses.ts'
import { type CachedCard, CardCache } from './card-cache.ts'
import { cardUrls } from './card-urls.ts'
import { invalid, unavailable } from './failures.ts'
import { fetchText } from './fetch-text.ts'
import { type Resolve, systemResolve } from './guarded-lookup.ts'
import { Slots } from './slots.ts'
import { verifyCard } from './verify-card.ts'

const WAITING_MAX = 256
const FAILED_FOR_MS = 10_000
const FAILED_MAX = 10_000

export interface CardsInit {
  readonly settings: GatewaySettings
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly verifier: Verifier
  /** The system's resolver where it is absent. */
  readonly resolve?: Resolve
}

export interface ShownCard {
  /** As the agent sent it, byte for byte. */
  readonly text: string
  readonly signature: 'verified' | 'unsigned'
  readonly ageSeconds: number
  /** Older than it should be, because the agent could not be reached or no longer serves one that holds. */
  readonly isStale: boolean
}

interface RecentFailure {
  readonly failure: Failure
  readonly entityUrl: string
  readonly untilMs: number
}

export class Cards {
  readonly #init: CardsInit
  readonly #cache: CardCache
  readonly #slots: Slots
  readonly #fetching = new Map<EntityId, Promise<Result<CachedCard>>>()
  readonly #failed = new Map<EntityId, RecentFailure>()
  readonly #stopping = new AbortController()

  constructor(init: CardsInit) {
    this.#init = init
    this.#cache = new CardCache(init.settings.cardCacheBytesMax)
    this.#slots = new Slots(init.settings.cardFetchesMax, WAITING_MAX)
  }

  /** Cards held now. */
  get size(): number {
    return this.#cache.size
  }

  /** The card of an entity: held, fetched, or held and old. Fails with `card_unavailable`, `card_too_large`, `card_invalid`. */
  async get(entity: EntityView): Promise<Result<ShownCard>> {
    const held = this.#held(entity)
    if (held !== undefined && this.#isFresh(held)) return ok(this.#shown(held))
    const fetched = await this.#fetchOnce(entity)
    if (fetched.ok) return ok(this.#shown(fetched.value))
    return held === undefined ? fetched : ok({ ...this.#shown(held), isStale: true })
  }

  /** The cards of these entities that are held, or come within `timeoutMs`. What comes later is kept for the next time. */
  async many(entities: readonly EntityView[], timeoutMs: number): Promise<ReadonlyMap<EntityId, ShownCard>> {
    const found = new Map<EntityId, ShownCard>()
    const coming: Promise<void>[] = []
    for (const entity of entities) {
      const held = this.#held(entity)
      const isFresh = held !== undefined && this.#isFresh(held)
      if (held !== undefined) found.set(entity.id, { ...this.#shown(held), isStale: !isFresh })
      if (isFresh) continue
      // Nobody answers there, and everyone else would wait for it.
      if (entity.status !== 'active') continue
      const fetch = this.get(entity).then((card) => {
        if (card.ok) found.set(entity.id, card.value)
      })
      coming.push(fetch)
    }
    if (coming.length === 0) return found
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#init.clock.schedule(timeoutMs, resolve)
    })
    await Promise.race([Promise.all(coming), late])
    cancel()
    return new Map(found)
  }

  /** Ends every fetch. */
  stop(): void {
    this.#stopping.abort()
  }

  /** The card held for the entity as it is now; one found by an older URL says nothing of it. */
  #held(entity: EntityView): CachedCard | undefined {
    const held = this.#cache.get(entity.id)
    return held?.entityUrl === entity.record.profile.url ? held : undefined
  }

  #isFresh(card: CachedCard): boolean {
    return this.#init.clock.monotonicMs() - card.fetchedMs < this.#init.settings.cardMaxAgeSeconds * 1000
  }

  #shown({ text, signature, fetchedMs }: CachedCard): ShownCard {
    const ageSeconds = Math.floor((this.#init.clock.monotonicMs() - fetchedMs) / 1000)
    return { text, signature, ageSeconds, isStale: false }
  }

  #fetchOnce(entity: EntityView): Promise<Result<CachedCard>> {
    const { id } = entity
    const running = this.#fetching.get(id)
    if (running !== undefined) return running
    const failed = this.#failed.get(id)
    const nowMs = this.#init.clock.monotonicMs()
    if (failed !== undefined && failed.untilMs > nowMs && failed.entityUrl === entity.record.profile.url) {
      return Promise.resolve(failed.failure)
    }
    const timeout = new AbortController()
    // From here on, so that waiting for a turn is part of the time that a caller waits at most.
    const cancel = this.#init.clock.schedule(this.#init.settings.cardTimeoutMs, () => timeout.abort())
    const signal = AbortSignal.any([timeout.signal, this.#stopping.signal])
    const fetch = this.#slots.run(() => this.#fetch(entity, signal))
    if (fetch === undefined) {
      cancel()
      this.#init.metrics.count('dropped_total', { queue: 'cards', reason: 'full' })
      return Promise.resolve(unavailable('busy', 'this node fetches as many cards as it may'))
    }
    const noted = fetch
      .then((result) => this.#note(entity, result))
      .finally(() => {
        cancel()
        this.#fetching.delete(id)
      })
    this.#fetching.set(id, noted)
    return noted
  }

  #note(entity: EntityView, result: Result<CachedCard>): Result<CachedCard> {
    const { clock, metrics, log } = this.#init
    metrics.count('card_fetches_total', { outcome: result.ok ? result.value.signature : result.code })
    if (result.ok) {
      this.#failed.delete(entity.id)
      this.#cache.set(entity.id, result.value)
      metrics.gauge('cards_cached', this.#cache.size)
      return result
    }
    log.debug('a card was not fetched', { entity: entity.id, code: result.code, reason: result.message })
    this.#failed.delete(entity.id)
    if (result.details?.reason === 'busy') return result
    const untilMs = clock.monotonicMs() + FAILED_FOR_MS
    this.#failed.set(entity.id, { failure: result, entityUrl: entity.record.profile.url, untilMs })
    const [oldest] = this.#failed.keys()
    if (this.#failed.size > FAILED_MAX && oldest !== undefined) this.#failed.delete(oldest)
    return result
  }

  /** Tries each place where the card may lie. The failure that tells most is the answer: one that was found, and refused. */
  async #fetch(entity: EntityView, signal: AbortSignal): Promise<Result<CachedCard>> {
    if (signal.aborted) return unavailable('busy', 'this node fetches other cards, the turn of this one did not come')
    let worst: Failure = unavailable('no_url', 'the entity has no URL at which a card could lie')
    for (const [place, url] of cardUrls(entity.record.profile.url).entries()) {
      const card = await this.#fetchFrom(url, entity, signal)
      if (card.ok) return card
      if (place === 0 || card.code !== 'card_unavailable') worst = card
      if (signal.aborted) break
    }
    return worst
  }

  async #fetchFrom(url: URL, entity: EntityView, signal: AbortSignal): Promise<Result<CachedCard>> {
    const { settings, clock, verifier, resolve } = this.#init
    const fetched = await fetchText(url, {
      bytesMax: settings.cardBytesMax,
      mayReach: settings.cardsFromPrivateAddresses ? () => true : isPublicAddress,
      resolve: resolve ?? systemResolve,
      signal,
    })
    if (!fetched.ok) return fetched
    const text = fetched.value
    if (parseJsonObject(text) === undefined)
      return unavailable('not_json', `what ${url.host} serves is not a JSON object`)
    const verdict = await verifyCard(text, entity, verifier)
    if (verdict.signature === 'invalid') return invalid(verdict.reason)
    const { signature } = verdict
    return ok({ text, signature, entityUrl: entity.record.profile.url, fetchedMs: clock.monotonicMs() })
  }
}
