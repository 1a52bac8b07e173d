/**
 * A registry as a program sees it. Every call takes the first node that serves; every failure is a `RollcallError`.
 *
 * @example
 * const client = new RollcallClient({ registries: ['http://127.0.0.1:8081'], signer })
 * const { entity_id } = await client.register({ name: 'weather', entity_url: 'http://127.0.0.1:5000' })
 * for await (const hit of client.searchAll({ query: 'forecast' })) console.log(hit.name, hit.status)
 */
import {
  type ActKind,
  type ActSigner,
  type DeveloperProof,
  developerIdOfProof,
  type EntityType,
  entityIdOf,
  formatKey,
  formatSignature,
  type JsonObject,
  type Signer,
} from '@rollcall/protocol'
import {
  type Cluster,
  clusterOf,
  differingFields,
  type Entity,
  type EntityFields,
  entityOf,
  type SearchHit,
  type SearchPage,
  searchPageOf,
  type TransitionEvent,
} from './answers.ts'
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
import { RollcallError } from './errors.ts'
import type { Answer, Fetch } from './http/exchange.ts'
import { Failover, type Outcome } from './http/failover.ts'
import { namePath } from './names.ts'
import type { SearchQuery } from './search.ts'
import { searchPages, searchPath } from './search.ts'
import { signedAct } from './signed.ts'
import { type WatchOptions, watchEvents } from './watch.ts'

export interface ClientOptions {
  /** HTTP addresses of nodes, the preferred one first; the others are fallbacks. */
  readonly registries: readonly string[]
  /** Key of the entity (or developer) for whom this client writes. Not needed to read. */
  readonly signer?: Signer
  /** How long one node may take, in milliseconds. Default 5 000: less fails over sooner, more suffers slow nodes. */
  readonly attemptTimeoutMs?: number
  /** How long a call may take over all nodes, in milliseconds. Default 15 000. */
  readonly deadlineMs?: number
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: Random
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface RegisterOptions extends CallOptions {
  /** Default `agent`. Decides the id (I1). */
  readonly type?: EntityType
  /** A developer's word that the key is theirs; `developerProof` of @rollcall/identity makes it. */
  readonly developerProof?: DeveloperProof
}

export interface WriteOptions extends CallOptions {
  /** Whose key the signer holds: the entity's (default), or that of the developer whose proof the record carries. */
  readonly by?: ActSigner
}

export interface DeveloperActInit {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  /** From the root of the registry, escaped. */
  readonly path: string
  readonly kind: ActKind
  readonly body: JsonObject
}

/** What `ensure` had to do. */
export type Ensured = 'registered' | 'updated' | 'unchanged'

export class RollcallClient {
  readonly #failover: Failover
  readonly #signer: Signer | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #fetch: Fetch

  /** @throws RangeError without a registry. */
  constructor(options: ClientOptions) {
    this.#signer = options.signer
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init))
    this.#failover = new Failover({
      registries: options.registries,
      fetch: this.#fetch,
      clock: this.#clock,
      attemptTimeoutMs: options.attemptTimeoutMs ?? 5_000,
      deadlineMs: options.deadlineMs ?? 15_000,
    })
  }

  /** The registry that the next call tries first. */
  get registry(): string {
    return this.#failover.current
  }

  /**
   * Registers the entity of this client's key. Durable when it resolves. Where an earlier node took the registration and
   * its answer was lost, the record found elsewhere counts as the answer if it says what was to be registered.
   * @throws RollcallError `already_registered`, `validation_failed`, `conflict_duplicate_name`, …
   */
  async register(fields: EntityFields, options: RegisterOptions = {}): Promise<Entity> {
    const { publicKey } = this.#requireSigner()
    const type = options.type ?? 'agent'
    const id = entityIdOf(type, publicKey)
    const proof = options.developerProof
    const body: JsonObject = {
      ...fields,
      entity_id: id,
      entity_type: type,
      public_key: formatKey(publicKey),
      ...(proof === undefined ? {} : { developer_id: developerIdOfProof(proof), developer_proof: proofJson(proof) }),
    }
    const text = this.#act('register', body, 'entity')
    const outcome = await this.#failover.ask({
      method: 'POST',
      path: '/v1/entities',
      body: text,
      signal: options.signal,
    })
    return this.#written(id, fields, outcome, options)
  }

  /**
   * Has the record stand as asked: registers the entity of this client's key where it has none (or was deregistered), else
   * sends only the fields that differ, and nothing where none does. What a program that starts wants, however often it does.
   * @throws RollcallError as `register` and `update` do.
   */
  async ensure(
    fields: EntityFields,
    options: RegisterOptions = {},
  ): Promise<{ readonly outcome: Ensured; readonly entity: Entity }> {
    const id = entityIdOf(options.type ?? 'agent', this.#requireSigner().publicKey)
    let held = await this.#held(id, options)
    if (held === undefined) {
      try {
        return { outcome: 'registered', entity: await this.register(fields, options) }
      } catch (error) {
        // Another process with this key was faster: its record is brought to what this one asks.
        if (!(error instanceof RollcallError) || error.code !== 'already_registered') throw error
        held = await this.get(id, { ...pick(options), consistency: 'local' })
      }
    }
    const changed = differingFields(held, fields)
    if (Object.keys(changed).length === 0) return { outcome: 'unchanged', entity: held }
    return { outcome: 'updated', entity: await this.update(id, changed, pick(options)) }
  }

  /** Sets the given fields; null removes an optional one. Durable when it resolves. */
  async update(id: string, fields: EntityFields, options: WriteOptions = {}): Promise<Entity> {
    const body = this.#act('update', { ...fields, entity_id: id }, options.by)
    const outcome = await this.#failover.ask({ method: 'PUT', path: entityPath(id), body, signal: options.signal })
    return this.#written(id, fields, outcome, options)
  }

  /** Ends the entity. Durable when it resolves; also where an earlier, lost attempt had ended it already. */
  async deregister(id: string, options: WriteOptions = {}): Promise<void> {
    const body = this.#act('deregister', { entity_id: id }, options.by)
    const outcome = await this.#failover.ask({ method: 'DELETE', path: entityPath(id), body, signal: options.signal })
    if (outcome.ok || (outcome.inDoubt && outcome.error.code === 'entity_deregistered')) return
    throw outcome.error
  }

  /**
   * The entity as the node shows it. `local` takes the node's own view; by default the node asks the attendant for the
   * newest beat. @throws RollcallError `entity_not_found`, or `entity_deregistered` with when in its details.
   */
  async get(id: string, options: CallOptions & { readonly consistency?: 'local' | 'fresh' } = {}): Promise<Entity> {
    const query = options.consistency === undefined ? '' : `?consistency=${options.consistency}`
    return entityOf(await this.#read(entityPath(id) + query, options))
  }

  /** One page of hits, best first. */
  async search(query: SearchQuery = {}, options: CallOptions = {}): Promise<SearchPage> {
    return searchPageOf(await this.#read(searchPath(query), options))
  }

  /** Every hit of every page, fetched as the loop over them goes on; each entity once. */
  searchAll(query: SearchQuery = {}, options: CallOptions = {}): AsyncGenerator<SearchHit> {
    return searchPages(query, (page) => this.search(page, options))
  }

  /** Every node as the asked one sees it, and whether all are equal (S3). */
  async cluster(options: CallOptions = {}): Promise<Cluster> {
    return clusterOf(await this.#read('/v1/cluster', options))
  }

  /** What the asked node finds of its own audit chain (A1). It may take long: it walks all of it. */
  async auditReport(options: CallOptions = {}): Promise<JsonObject> {
    return (await this.#read('/v1/audit/verify', options)).body
  }

  /** A page of links of the audit chain of the asked node, oldest first; `next_after` where more follow. */
  async auditLinks(
    page: { readonly after: number; readonly limit: number },
    options: CallOptions = {},
  ): Promise<JsonObject> {
    return (await this.#read(`/v1/audit?after=${page.after}&limit=${page.limit}`, options)).body
  }

  /** The answer to any other read of the API, by its path from the root. */
  async read(path: string, options: CallOptions = {}): Promise<JsonObject> {
    return (await this.#read(path, options)).body
  }

  /** One signed act on developers, handles or names; `DeveloperClient` makes them. Durable when it resolves. */
  async developerAct(act: DeveloperActInit, options: CallOptions = {}): Promise<JsonObject> {
    const { method, path, kind, body: content } = act
    const body = this.#act(kind, content, 'developer')
    const outcome = await this.#failover.ask({ method, path, body, signal: options.signal })
    if (outcome.ok) return outcome.answer.body
    throw outcome.error
  }

  /** What a developer says of itself, or what the proofs of its entities show. @throws RollcallError `developer_not_found` */
  developer(id: string, options: CallOptions = {}): Promise<JsonObject> {
    return this.read(`/v1/developers/${encodeURIComponent(id)}`, options)
  }

  /** Which entity a full name stands for. @throws RollcallError `not_found` */
  resolve(of: { readonly handle: string; readonly name: string }, options: CallOptions = {}): Promise<JsonObject> {
    return this.read(namePath('resolve', of), options)
  }

  /** What the asked node says of itself. */
  async info(options: CallOptions = {}): Promise<JsonObject> {
    return (await this.#read('/v1/info', options)).body
  }

  /** Has the node send its sessions to others and take no more writes. Name one registry only: it is that one's turn. */
  async drain(adminToken: string, options: CallOptions = {}): Promise<JsonObject> {
    const request = { method: 'POST', path: '/v1/admin/drain', adminToken, signal: options.signal } as const
    const outcome = await this.#failover.ask(request)
    if (outcome.ok) return outcome.answer.body
    throw outcome.error
  }

  /**
   * Transitions as they happen, for ever: a lost connection is taken up again after the last event, at the next node if
   * need be. Where events may be lost between, one of type `gap` says so. Ends only with the loop or the signal.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<TransitionEvent> {
    const io = { fetch: this.#fetch, clock: this.#clock, random: this.#random }
    return watchEvents(io, this.#failover.registries, options)
  }

  async #read(path: string, options: CallOptions): Promise<Answer> {
    const outcome = await this.#failover.ask({ method: 'GET', path, signal: options.signal })
    if (outcome.ok) return outcome.answer
    throw outcome.error
  }

  /** The live record as the node holds it; undefined where there is none. */
  async #held(id: string, options: CallOptions): Promise<Entity | undefined> {
    try {
      return await this.get(id, { ...pick(options), consistency: 'local' })
    } catch (error) {
      const absent = error instanceof RollcallError && ABSENT.has(error.code)
      if (absent) return undefined
      throw error
    }
  }

  /** The entity after a write; a refusal that may be about this very write, sent before, is looked into. */
  async #written(id: string, fields: EntityFields, outcome: Outcome, options: CallOptions): Promise<Entity> {
    if (outcome.ok) return entityOf(outcome.answer)
    if (!outcome.inDoubt || !mayBeOwnEcho(outcome.error)) throw outcome.error
    const entity = await this.get(id, { ...options, consistency: 'local' })
    if (Object.keys(differingFields(entity, fields)).length > 0) throw outcome.error
    return entity
  }

  #act(kind: ActKind, body: JsonObject, by: ActSigner = 'entity'): string {
    const signer = this.#requireSigner()
    return signedAct({ kind, body, signer, by, issuedAtMs: this.#clock.wallMs(), nonce: this.#random.bytes(16) })
  }

  #requireSigner(): Signer {
    if (this.#signer === undefined) throw new Error('this client was given no signer, so it can only read')
    return this.#signer
  }
}

/** What every call takes of the options of a particular one. */
const pick = ({ signal }: CallOptions): CallOptions => (signal === undefined ? {} : { signal })

const ABSENT: ReadonlySet<string> = new Set(['entity_not_found', 'entity_deregistered'])

const mayBeOwnEcho = ({ code }: RollcallError): boolean => code === 'already_registered' || code === 'stale_write'

const entityPath = (id: string): string => `/v1/entities/${encodeURIComponent(id)}`

/** The proof as it travels (zynd-wire S12). */
const proofJson = (proof: DeveloperProof): JsonObject => ({
  developer_public_key: formatKey(proof.publicKey),
  entity_index: proof.entityIndex,
  developer_signature: formatSignature(proof.signature),
})
