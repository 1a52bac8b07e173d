/**
 * The registry's front door (`Registry`): verifies signatures, asks peers where this node does not know, puts events into
 * the inbox and waits for their answers. Reads are answered from state, and change nothing.
 */
import type {
  Answer,
  AuditLink,
  AuditReport,
  BeatAnswer,
  BeatSource,
  Clock,
  ClusterView,
  DeveloperView,
  EntityView,
  ListFilter,
  Log,
  Mesh,
  Metrics,
  NodeView,
  Registry,
  RegistryEvent,
  RegistryInput,
  RegistryState,
  RequestContext,
  SearchAnswer,
  SearchRequest,
  Session,
  SessionInit,
} from '@rollcall/core'
import {
  type Act,
  actChecks,
  actContent,
  type Beat,
  type BeatOutcome,
  beatCheck,
  type DeveloperId,
  type EntityId,
  type Failure,
  fail,
  formatStamp,
  type NodeId,
  ok,
  parseProfile,
  proofCheck,
  type Result,
  registrant,
  type Stamp,
} from '@rollcall/protocol'
import type { Audit } from './audit.ts'
import { BEAT_ANSWERS } from './beat-answers.ts'
import { DeveloperDoor } from './developer-door.ts'
import type { Directory } from './directory.ts'
import type { Evidence } from './evidence.ts'
import type { Feed } from './feed.ts'
import type { Fetcher } from './fetcher.ts'
import { listed } from './listing.ts'
import type { Loop } from './loop.ts'
import type { Projection } from './projection.ts'
import type { Sessions } from './sessions.ts'
import type { RuntimeSettings } from './settings.ts'
import type { StatusBoard } from './status.ts'
import type { Views } from './views.ts'

export interface DoorInit {
  readonly state: RegistryState
  readonly settings: RuntimeSettings
  readonly mesh: Mesh
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly loop: Loop
  readonly evidence: Evidence
  readonly fetcher: Fetcher
  readonly audit: Audit
  readonly projection: Projection
  readonly sessions: Sessions
  readonly feed: Feed
  readonly views: Views
  readonly directory: Directory
  readonly board: StatusBoard
  readonly roundTrips: ReadonlyMap<string, number>
}

type Waiting = (answer: Answer | undefined) => void

export class Door implements Registry {
  readonly nodeId: NodeId
  readonly #init: DoorInit
  readonly #waiting = new Map<number, Waiting>()
  readonly #developers: DeveloperDoor
  #token = 0
  #stopping = false

  constructor(init: DoorInit) {
    this.#init = init
    this.nodeId = init.mesh.nodeId
    this.#developers = new DeveloperDoor({ ...init, write: (event, context) => this.#write(event, context) })
  }

  /** Hands an answer of a step to whoever waits for it. */
  resolve(answer: Answer): void {
    this.#waiting.get(answer.token)?.(answer)
  }

  /** Takes no more writes: the node is stopping. */
  close(): void {
    this.#stopping = true
  }

  async register(act: Act, context: RequestContext): Promise<Result<EntityView>> {
    const content = actContent(act)
    if (!content.ok) return content
    const who = registrant(content.value.body)
    if (!who.ok) return who
    const profile = parseProfile(content.value.body)
    if (!profile.ok) return profile
    const { id, publicKey } = who.value
    const proof = profile.value.developerProof
    const checks = actChecks(act, { id, publicKey, proof })
    if (!(await this.#init.evidence.allHold(checks))) return invalid('the registration is not signed by its key')
    if (proof !== undefined && !(await this.#init.evidence.holds(proofCheck(publicKey, proof)))) {
      return invalid('the developer proof is not signed by the developer')
    }
    const refused = this.#refused()
    if (refused !== undefined) return refused
    // A node that missed the registration must not begin a second birth (L7).
    if (!this.#init.state.holdings.has(id)) await this.#init.fetcher.fetch(id)
    return this.#act(id, (token) => ({ type: 'register', token, act }), context)
  }

  async update(id: EntityId, act: Act, context: RequestContext): Promise<Result<EntityView>> {
    const signed = await this.#signedByOwner(id, act)
    if (!signed.ok) return signed
    return this.#act(id, (token) => ({ type: 'update', token, id, act, ...signed.value }), context)
  }

  async deregister(
    id: EntityId,
    act: Act,
    context: RequestContext,
  ): Promise<Result<{ readonly id: EntityId; readonly stamp: Stamp }>> {
    const signed = await this.#signedByOwner(id, act)
    if (!signed.ok) return signed
    return this.#write((token) => ({ type: 'deregister', token, id, act, ...signed.value }), context)
  }

  async beat(id: EntityId, beat: Beat, source: BeatSource): Promise<BeatAnswer> {
    const { metrics, log, clock } = this.#init
    const startedMs = clock.monotonicMs()
    let judged: { readonly outcome: BeatOutcome; readonly status: 'active' | 'inactive' }
    try {
      judged = await this.#judge(id, beat, source)
    } catch (error) {
      // A fault of ours must neither count as the entity's, nor end its socket (L9).
      log.error('a heartbeat could not be judged', { error, id, requestId: source.requestId })
      judged = { outcome: 'storage_error', status: 'inactive' }
    }
    const { outcome, status } = judged
    metrics.count('heartbeats_total', { outcome })
    log.debug('heartbeat', { id, outcome, requestId: source.requestId, ms: clock.monotonicMs() - startedMs })
    const nextExpectedMs = this.#init.settings.intervalMs
    const { error, message } = BEAT_ANSWERS[outcome]
    return error === undefined
      ? { outcome, message, status, nextExpectedMs }
      : { outcome, error, message, status, nextExpectedMs }
  }

  async entity(id: EntityId, consistency: 'local' | 'fresh'): Promise<Result<EntityView>> {
    const view = this.#view(id)
    if (!view.ok || consistency === 'local') return view
    const { attendant } = view.value
    if (attendant === undefined || attendant === this.nodeId || view.value.status === 'inactive') return view
    const fresh = await this.#init.fetcher.freshBeat(id, attendant)
    if (fresh === undefined || fresh.timeMs < (view.value.lastBeatMs ?? 0)) return view
    const asOfMs = Math.round(this.#init.state.steady.at(this.#init.clock.monotonicMs()))
    return ok({ ...view.value, lastBeatMs: fresh.timeMs, health: fresh.health ?? view.value.health, asOfMs })
  }

  async locate(id: EntityId): Promise<Result<EntityView>> {
    const { state, fetcher } = this.#init
    if (!state.holdings.has(id)) await fetcher.fetch(id)
    return state.ready || state.holdings.has(id) ? this.#view(id) : this.#notYet()
  }

  async developerAct(id: DeveloperId, act: Act, context: RequestContext): Promise<Result<DeveloperView>> {
    const written = await this.#developers.act(id, act, context)
    return written.ok ? this.#init.directory.developer(id) : written
  }

  async deregisterDeveloper(
    id: DeveloperId,
    act: Act,
    context: RequestContext,
  ): Promise<Result<{ readonly id: DeveloperId; readonly stamp: Stamp }>> {
    const written = await this.#developers.act(id, act, context)
    return written.ok ? ok({ id, stamp: written.value.stamp }) : written
  }

  developer(id: DeveloperId): Promise<Result<DeveloperView>> {
    return this.#developers.find(id)
  }

  holderOfHandle(handle: string): DeveloperView | undefined {
    return this.#init.directory.holderOfHandle(handle)
  }

  isSignedBy(id: DeveloperId, message: Uint8Array, signature: Uint8Array): Promise<Result<boolean>> {
    return this.#developers.isSignedBy(id, message, signature)
  }

  async nameAct(id: EntityId, act: Act, context: RequestContext): Promise<Result<EntityView>> {
    const written = await this.#developers.name(id, act, context)
    return written.ok ? this.#view(id) : written
  }

  resolveName(of: { readonly handle: string; readonly name: string }): EntityView | undefined {
    const holding = this.#init.directory.resolve(of)
    if (holding?.entry.kind !== 'record') return undefined
    return this.#init.views.entity(holding, holding.entry.record, this.#init.clock.monotonicMs())
  }

  namesOf(developer: DeveloperId): readonly EntityView[] {
    return this.#init.directory.named(developer).flatMap((id) => {
      const view = this.#view(id)
      return view.ok ? [view.value] : []
    })
  }

  search(request: SearchRequest): Promise<Result<SearchAnswer>> {
    const { clock, metrics, projection, state } = this.#init
    if (!state.ready) return Promise.resolve(this.#notYet())
    const startedMs = clock.monotonicMs()
    const asked = this.#init.directory.underHandle(request)
    const result = asked === undefined ? NOTHING : projection.index.search(asked)
    metrics.observe('search_seconds', (clock.monotonicMs() - startedMs) / 1000)
    if (result.problem !== undefined) {
      return Promise.resolve(fail('validation_failed', SEARCH_PROBLEMS[result.problem]))
    }
    const hits = result.hits.flatMap((hit) => {
      const view = this.#view(hit.id)
      return view.ok ? [{ entity: view.value, score: hit.score, breakdown: hit.breakdown }] : []
    })
    return Promise.resolve(
      ok({
        hits,
        totalFound: result.totalFound,
        nextCursor: result.nextCursor,
        asOfMs: Math.round(state.steady.at(clock.monotonicMs())),
        complete: true,
        unanswered: [],
      }),
    )
  }

  list(filter: ListFilter): { readonly entities: readonly EntityView[]; readonly total: number } {
    const asked = this.#init.directory.underHandle(filter)
    const matching = asked === undefined ? [] : listed(this.#init.state, asked)
    const nowMs = this.#init.clock.monotonicMs()
    const page = matching.slice(filter.offset, filter.offset + filter.limit)
    return {
      entities: page.map(({ holding, record }) => this.#init.views.entity(holding, record, nowMs)),
      total: matching.length,
    }
  }

  openSession(session: SessionInit): Session {
    return this.#init.sessions.open(session)
  }

  node(): NodeView {
    return this.#init.views.node()
  }

  cluster(): ClusterView {
    const { board, views, mesh, clock, roundTrips } = this.#init
    const reasons = board.disagreements()
    return {
      converged: reasons.length === 0,
      reasons,
      nodes: views.clusterNodes(mesh, clock.monotonicMs(), roundTrips),
    }
  }

  readiness(): { readonly ready: true } | { readonly ready: false; readonly reason: string } {
    const reason = this.#unready()
    return reason === undefined ? { ready: true } : { ready: false, reason }
  }

  otherUrls(): readonly string[] {
    const { state, settings, clock } = this.#init
    const nowMs = clock.monotonicMs()
    const others = [...state.members.all()].filter(
      (member) => state.members.state(member, nowMs) === 'heard' && member.status?.ready === true,
    )
    const urls = others.flatMap((member) => (member.status?.url ? [member.status.url] : []))
    return settings.url === '' ? urls : [...urls, settings.url]
  }

  auditLinks(options: { readonly after: number; readonly limit: number }): Promise<readonly AuditLink[]> {
    return this.#init.audit.links(options)
  }

  verifyAudit(): Promise<AuditReport> {
    return this.#init.audit.verify()
  }

  eventCursor(): string {
    return this.#init.feed.cursor
  }

  subscribe(options: { readonly since?: string; readonly listener: (event: RegistryEvent) => void }): () => void {
    return this.#init.feed.subscribe(options)
  }

  #unready(): string | undefined {
    const { state, loop } = this.#init
    if (this.#stopping) return 'this node is stopping'
    if (!state.ready) return UNSYNCED
    if (loop.failing !== undefined) return `the disk of this node refuses: ${loop.failing}`
    return this.#clockApart()
  }

  /** L4: where most nodes, this one counted, read another time, this node's clock is wrong, and it would refuse honest beats. */
  #clockApart(): string | undefined {
    const { state, clock } = this.#init
    const offsetsMs = state.members.clockOffsetsMs(clock.monotonicMs())
    const apart = offsetsMs.filter((offsetMs) => Math.abs(offsetMs) > state.settings.skewMs)
    return apart.length > (offsetsMs.length + 1) / 2
      ? 'the clock of this node is further from those of most nodes than the skew'
      : undefined
  }

  /** A node that holds nothing yet does not know what it does not know (S4): its "not found" would be a guess. */
  #notYet(): Failure {
    return fail('node_not_ready', UNSYNCED)
  }

  #view(id: EntityId): Result<EntityView> {
    const holding = this.#init.state.holdings.get(id)
    if (holding?.entry.kind !== 'record') return this.#init.views.absent(id, holding)
    return ok(this.#init.views.entity(holding, holding.entry.record, this.#init.clock.monotonicMs()))
  }

  /** Whether the owner, or the developer of the record, signed an act about an entity that is held, here or at a peer. */
  async #signedByOwner(id: EntityId, act: Act): Promise<Result<{ readonly developerKey?: Uint8Array }>> {
    const refused = this.#refused()
    if (refused !== undefined) return refused
    if (!this.#init.state.holdings.has(id)) await this.#init.fetcher.fetch(id)
    const view = this.#view(id)
    if (!view.ok) return view
    const { record } = view.value
    const proof = record.profile.developerProof
    const checks = actChecks(act, { id, publicKey: record.publicKey, proof })
    if (!checks.ok) return checks
    if (!(await this.#init.evidence.allHold(checks))) return invalid(`the ${act.kind} is not signed by its ${act.by}`)
    return ok(act.by === 'developer' && proof !== undefined ? { developerKey: proof.publicKey } : {})
  }

  async #judge(
    id: EntityId,
    beat: Beat,
    source: BeatSource,
  ): Promise<{ outcome: BeatOutcome; status: 'active' | 'inactive' }> {
    const { state, fetcher, evidence, loop, metrics, clock } = this.#init
    if (loop.failing !== undefined || this.#stopping) return { outcome: 'storage_error', status: 'inactive' }
    if (!state.holdings.has(id)) await fetcher.fetch(id)
    const entry = state.holdings.get(id)?.entry
    if (entry === undefined) return { outcome: 'not_found', status: 'inactive' }
    if (entry.kind !== 'record') return { outcome: 'deregistered', status: 'inactive' }
    const startedMs = clock.monotonicMs()
    const holds = await evidence.holds(beatCheck(beat, id, entry.record.publicKey))
    metrics.observe('heartbeat_verify_seconds', (clock.monotonicMs() - startedMs) / 1000)
    const previousMs = state.holdings.get(id)?.beat?.beat.timeMs
    if (!holds) return { outcome: 'signature_invalid', status: this.#status(id) }
    const { address, session, health } = source
    const input = {
      type: 'beat',
      id,
      beat,
      sessionId: session.id,
      address,
      ...(health === undefined ? {} : { health }),
    } as const
    const answer = await this.#ask((token) => ({ ...input, token }))
    if (answer === 'full') return { outcome: 'rate_limited', status: this.#status(id) }
    if (answer?.kind !== 'beat') return { outcome: 'storage_error', status: this.#status(id) }
    if (answer.outcome === 'accepted' && previousMs !== undefined) {
      metrics.observe('heartbeat_gap_seconds', Math.max(0, beat.timeMs - previousMs) / 1000)
    }
    return answer
  }

  #status(id: EntityId): 'active' | 'inactive' {
    const holding = this.#init.state.holdings.get(id)
    return holding !== undefined && this.#init.state.shownNow(holding) === 'active' ? 'active' : 'inactive'
  }

  async #act(
    id: EntityId,
    event: (token: number) => RegistryInput,
    context: RequestContext,
  ): Promise<Result<EntityView>> {
    const written = await this.#write(event, context)
    return written.ok ? this.#view(id) : written
  }

  async #write(
    event: (token: number) => RegistryInput,
    { requestId }: RequestContext,
  ): Promise<Result<{ readonly id: EntityId; readonly stamp: Stamp }>> {
    const refused = this.#refused()
    if (refused !== undefined) return refused
    const answer = await this.#ask(event)
    if (answer === 'full') return fail('rate_limited', 'this node has more waiting than it takes; nothing was written')
    if (answer?.kind !== 'act') return fail('timeout', 'no answer in time; whether it was written, a later read tells')
    if (answer.result.ok)
      this.#init.log.debug('an act was accepted', {
        requestId,
        id: answer.result.value.id,
        stamp: formatStamp(answer.result.value.stamp),
      })
    return answer.result
  }

  /** Why no act is taken now. Asked before peers are, and again before it is written: whoever is told this may go elsewhere. */
  #refused(): Failure | undefined {
    if (this.#init.loop.failing !== undefined) {
      return fail('storage_unavailable', 'the disk of this node refuses; nothing was written')
    }
    const reason = this.#unready()
    return reason === undefined ? undefined : fail('node_not_ready', `${reason}; nothing was written`)
  }

  /** Puts an event into the inbox and waits for its answer; undefined where none came in time. */
  #ask(event: (token: number) => RegistryInput): Promise<Answer | undefined | 'full'> {
    const { clock, loop, settings } = this.#init
    const token = ++this.#token
    return new Promise((resolve) => {
      const cancel = clock.schedule(settings.answerTimeoutMs, () => {
        this.#waiting.delete(token)
        resolve(undefined)
      })
      this.#waiting.set(token, (answer) => {
        this.#waiting.delete(token)
        cancel()
        resolve(answer)
      })
      if (loop.submit(event(token))) return
      this.#waiting.delete(token)
      cancel()
      resolve('full')
    })
  }
}

const NOTHING = { hits: [], totalFound: 0, nextCursor: undefined, problem: undefined } as const

const UNSYNCED = 'this node has not yet synced with the cluster'

const invalid = (message: string): ReturnType<typeof fail> => fail('signature_invalid', message)

const SEARCH_PROBLEMS = {
  cursor_invalid: 'cursor is not one of this query',
  page_too_deep: 'offset and limit reach too deep; follow next_cursor instead',
} as const
