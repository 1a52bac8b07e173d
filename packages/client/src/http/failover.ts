/**
 * One request over a list of registries: the one that answered last comes first, then the others in their order. A failure
 * that another node may not have (a lost connection, a node that starts, a limit) moves on; a refusal is an answer.
 *
 * Every registry is asked at most once and the whole takes at most the deadline. Waiting and trying again is the caller's
 * choice: a person at a terminal and a service in a loop want different things.
 *
 * A write may be tried again elsewhere after an answer was lost, although it may have been carried out: a native act
 * carries `issued_at` and a nonce, so a node that heard of it answers `stale_write`, `already_registered` or
 * `entity_deregistered` and does nothing. `inDoubt` tells the caller that such an answer may be about its own request.
 */
import type { Clock } from '../clock.ts'
import { mayHaveRun, RollcallError } from '../errors.ts'
import { Roster } from '../roster.ts'
import { type Answer, exchange, type Fetch, type Request } from './exchange.ts'

export interface FailoverInit {
  readonly registries: readonly string[]
  readonly fetch: Fetch
  readonly clock: Clock
  /** How long one registry may take, in milliseconds. */
  readonly attemptTimeoutMs: number
  /** How long all of them together may take, in milliseconds. */
  readonly deadlineMs: number
}

export type Outcome =
  | { readonly ok: true; readonly answer: Answer; readonly inDoubt: boolean }
  | { readonly ok: false; readonly error: RollcallError; readonly inDoubt: boolean }

export class Failover {
  readonly #init: FailoverInit
  readonly #roster: Roster

  constructor(init: FailoverInit) {
    this.#init = init
    this.#roster = new Roster(init.registries)
  }

  /** The registry that the next request tries first. */
  get current(): string {
    return this.#roster.current
  }

  get registries(): readonly string[] {
    return this.#roster.urls
  }

  /** Rejects only with the reason of an aborted signal, or with a fault of the software. */
  async ask(request: Request): Promise<Outcome> {
    const { clock, attemptTimeoutMs, deadlineMs } = this.#init
    const endMs = clock.monotonicMs() + deadlineMs
    const failures: RollcallError[] = []
    const inDoubt = (): boolean => failures.some(({ code }) => mayHaveRun(code))
    for (const registry of inOrder(this.#roster)) {
      const leftMs = endMs - clock.monotonicMs()
      if (leftMs <= 0) break
      try {
        const answer = await exchange(this.#init, registry, request, Math.min(leftMs, attemptTimeoutMs))
        this.#roster.goTo(registry)
        return { ok: true, answer, inDoubt: inDoubt() }
      } catch (error) {
        if (!(error instanceof RollcallError)) throw error
        if (!error.retryable) return { ok: false, error, inDoubt: inDoubt() }
        failures.push(error)
      }
    }
    return { ok: false, error: summary(failures), inDoubt: inDoubt() }
  }
}

const inOrder = (roster: Roster): readonly string[] => {
  const at = roster.urls.indexOf(roster.current)
  return [...roster.urls.slice(at), ...roster.urls.slice(0, at)]
}

/** One error for several: that of a node which answered says more than that of one which did not. */
export const summary = (failures: readonly RollcallError[]): RollcallError => {
  const [first] = failures
  if (first === undefined) return new RollcallError('timeout', 'no time was left to ask a registry')
  if (failures.length === 1) return first
  const telling = failures.findLast(({ http }) => http !== undefined) ?? first
  const message = `none of ${failures.length} registries served: ${failures.map((error) => error.message).join('; ')}`
  const { requestId, http, registry, details, retryAfterMs } = telling
  return new RollcallError(telling.code, message, { requestId, http, registry, details, retryAfterMs, cause: telling })
}
