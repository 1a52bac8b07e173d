/**
 * A registry that answers what a test tells it to, for the seam between the gateway and the port: shapes, codes, and who is
 * called with what. It judges nothing. The registry itself is tested with the runtime, and both together end to end.
 */
import type {
  AuditLink,
  AuditReport,
  BeatAnswer,
  BeatSource,
  ClusterNodeView,
  ClusterView,
  DeveloperView,
  EntityView,
  ListFilter,
  NodeView,
  Registry,
  RegistryEvent,
  RequestContext,
  SearchAnswer,
  SearchRequest,
  Session,
  SessionInit,
} from '@rollcall/core'
import {
  type Act,
  actContent,
  type Beat,
  bindingOf,
  type DeveloperId,
  type EntityId,
  fail,
  makeRecord,
  nodeIdOf,
  ok,
  type Result,
  registrant,
  type Stamp,
} from '@rollcall/protocol'

export const NODE = nodeIdOf(new Uint8Array(32).fill(11))
export const OTHER_NODE = nodeIdOf(new Uint8Array(32).fill(12))
export const WALL_MS = 1_790_000_000_000
export const stampAt = (wallMs: number): Stamp => ({ wallMs, counter: 0, node: NODE })

export class ScriptedRegistry implements Registry {
  readonly nodeId = NODE
  readonly entities = new Map<EntityId, EntityView>()
  /** Every call that changes something, in order. */
  readonly calls: {
    readonly name: string
    readonly act?: Act
    readonly id?: EntityId
    readonly context?: RequestContext
  }[] = []
  readonly beats: { readonly id: EntityId; readonly beat: Beat; readonly source: BeatSource }[] = []
  readonly sessions: (SessionInit & { readonly added: EntityId[]; isClosed: boolean })[] = []
  readonly searches: SearchRequest[] = []
  readonly listeners = new Set<(event: RegistryEvent) => void>()
  readonly subscriptions: (string | undefined)[] = []
  isOtherConnected = true
  held: RegistryEvent[] = []
  located: EntityId[] = []
  ready: ReturnType<Registry['readiness']> = { ready: true }
  urls: readonly string[] = ['http://b.example', 'http://a.example']
  /** What every beat is answered. */
  onBeat: (id: EntityId, beat: Beat) => BeatAnswer | Promise<BeatAnswer> = () => accepted
  onAct: (name: string, act: Act, id?: EntityId) => Result<unknown> | undefined = () => undefined
  onEntity: (id: EntityId) => Promise<Result<EntityView>> | undefined = () => undefined
  onLocate: (id: EntityId) => Promise<Result<EntityView>> = (id) => Promise.resolve(unknown(id))
  onSearch: (request: SearchRequest) => Promise<Result<SearchAnswer>> | undefined = () => undefined

  async register(act: Act, context: RequestContext): Promise<Result<EntityView>> {
    this.calls.push({ name: 'register', act, context })
    const scripted = this.onAct('register', act)
    if (scripted !== undefined && !scripted.ok) return scripted
    const view = viewOf(act)
    if (this.entities.has(view.id)) return fail('already_registered', `${view.id} is registered`)
    this.entities.set(view.id, view)
    return ok(view)
  }

  async update(id: EntityId, act: Act, context: RequestContext): Promise<Result<EntityView>> {
    this.calls.push({ name: 'update', act, id, context })
    const scripted = this.onAct('update', act, id)
    if (scripted !== undefined && !scripted.ok) return scripted
    const view = this.entities.get(id)
    return view === undefined ? unknown(id) : ok(view)
  }

  async deregister(id: EntityId, act: Act, context: RequestContext): Promise<Result<{ id: EntityId; stamp: Stamp }>> {
    this.calls.push({ name: 'deregister', act, id, context })
    const scripted = this.onAct('deregister', act, id)
    if (scripted !== undefined && !scripted.ok) return scripted
    if (!this.entities.delete(id)) return unknown(id)
    return ok({ id, stamp: stampAt(WALL_MS + 5) })
  }

  async beat(id: EntityId, beat: Beat, source: BeatSource): Promise<BeatAnswer> {
    this.beats.push({ id, beat, source })
    return this.onBeat(id, beat)
  }

  async entity(id: EntityId): Promise<Result<EntityView>> {
    const scripted = this.onEntity(id)
    if (scripted !== undefined) return scripted
    const view = this.entities.get(id)
    return view === undefined ? unknown(id) : ok(view)
  }

  async locate(id: EntityId): Promise<Result<EntityView>> {
    this.located.push(id)
    return this.onLocate(id)
  }

  async search(request: SearchRequest): Promise<Result<SearchAnswer>> {
    this.searches.push(request)
    const scripted = this.onSearch(request)
    if (scripted !== undefined) return scripted
    const hits = [...this.entities.values()].map((entity) => ({ entity, score: 0.5, breakdown: { freshness: 1 } }))
    const page = hits.slice(request.offset, request.offset + request.limit)
    return ok({
      hits: page,
      totalFound: hits.length,
      nextCursor: undefined,
      asOfMs: WALL_MS,
      complete: true,
      unanswered: [],
    })
  }

  list(filter: ListFilter): { readonly entities: readonly EntityView[]; readonly total: number } {
    const all = [...this.entities.values()].filter(
      ({ record }) => filter.type === undefined || record.profile.type === filter.type,
    )
    return { entities: all.slice(filter.offset, filter.offset + filter.limit), total: all.length }
  }

  readonly developers = new Map<DeveloperId, DeveloperView>()
  /** What `resolveName` answers, by `handle/name`. */
  readonly names = new Map<string, EntityView>()
  signed = true

  async developerAct(id: DeveloperId, act: Act, context: RequestContext): Promise<Result<DeveloperView>> {
    this.calls.push({ name: 'developerAct', act, id, context })
    const scripted = this.onAct('developerAct', act, id)
    if (scripted !== undefined && !scripted.ok) return scripted
    return this.developer(id)
  }

  async deregisterDeveloper(
    id: DeveloperId,
    act: Act,
    context: RequestContext,
  ): Promise<Result<{ id: DeveloperId; stamp: Stamp }>> {
    this.calls.push({ name: 'deregisterDeveloper', act, id, context })
    const scripted = this.onAct('deregisterDeveloper', act, id)
    if (scripted !== undefined && !scripted.ok) return scripted
    return ok({ id, stamp: stampAt(WALL_MS + 5) })
  }

  async developer(id: DeveloperId): Promise<Result<DeveloperView>> {
    const view = this.developers.get(id)
    return view === undefined ? fail('developer_not_found', `${id} is not registered`) : ok(view)
  }

  holderOfHandle(handle: string): DeveloperView | undefined {
    return [...this.developers.values()].find((developer) => developer.handle === handle)
  }

  async isSignedBy(): Promise<Result<boolean>> {
    return ok(this.signed)
  }

  async nameAct(id: EntityId, act: Act, context: RequestContext): Promise<Result<EntityView>> {
    this.calls.push({ name: 'nameAct', act, id, context })
    const scripted = this.onAct('nameAct', act, id)
    if (scripted !== undefined && !scripted.ok) return scripted
    return this.entity(id)
  }

  resolveName({ handle, name }: { readonly handle: string; readonly name: string }): EntityView | undefined {
    return this.names.get(`${handle}/${name}`)
  }

  namesOf(): readonly EntityView[] {
    return [...this.names.values()]
  }

  openSession(init: SessionInit): Session {
    const open = { ...init, added: [] as EntityId[], isClosed: false }
    this.sessions.push(open)
    return {
      id: this.sessions.length,
      add: (id) => void open.added.push(id),
      close: () => {
        open.isClosed = true
      },
    }
  }

  node(): NodeView {
    return {
      id: NODE,
      name: 'node-a',
      url: 'http://a.example',
      mode: 'full',
      version: '0.1.0',
      startedAtMs: WALL_MS - 90_000,
      counts: { active: 1, inactive: 2, tombstones: 3, graves: 4 },
      digest: 'ab'.repeat(16),
    }
  }

  cluster(): ClusterView {
    const { startedAtMs: _, ...self } = this.node()
    const seen = {
      ready: true,
      clockOffsetMs: 0,
      roundTripMs: undefined,
      connected: this.isOtherConnected,
      lastSeenMs: WALL_MS,
      auditHead: undefined,
    }
    const other: ClusterNodeView = { ...self, ...seen, id: OTHER_NODE, name: 'node-b', self: false, state: 'heard' }
    return { converged: true, reasons: [], nodes: [{ ...self, ...seen, self: true, state: 'heard' }, other] }
  }

  readiness(): ReturnType<Registry['readiness']> {
    return this.ready
  }

  otherUrls(): readonly string[] {
    return this.urls
  }

  eventCursor(): string {
    return 'c0'
  }

  subscribe({
    since,
    listener,
  }: {
    readonly since?: string
    readonly listener: (event: RegistryEvent) => void
  }): () => void {
    this.subscriptions.push(since)
    if (since !== undefined) for (const event of this.held) listener(event)
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  links: readonly AuditLink[] = []
  verifications = 0
  onVerify: () => Promise<AuditReport> = async () => ({ result: 'ok', length: 3, oldest: 1, witnesses: [OTHER_NODE] })

  async auditLinks({
    after,
    limit,
  }: {
    readonly after: number
    readonly limit: number
  }): Promise<readonly AuditLink[]> {
    return this.links.filter(({ number }) => number > after).slice(0, limit)
  }

  verifyAudit(): Promise<AuditReport> {
    this.verifications++
    return this.onVerify()
  }

  emit(event: RegistryEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}

export const accepted: BeatAnswer = { outcome: 'accepted', message: 'ok', status: 'active', nextExpectedMs: 30_000 }

export const unknown = (id: EntityId): Result<never> => fail('entity_not_found', `${id} is not registered`)

export const viewOf = (act: Act, change: Partial<EntityView> = {}): EntityView => {
  const content = actContent(act)
  if (!content.ok) throw new Error(content.message)
  const who = registrant(content.value.body)
  if (!who.ok) throw new Error(who.message)
  const { id, publicKey } = who.value
  const stamp = stampAt(WALL_MS)
  const binding = bindingOf([{ act, ...content.value }], id)
  const bindingClaim = binding.ok && binding.value !== undefined ? stamp : undefined
  const fields = { id, publicKey, birth: stamp, stamp, issuedAtMs: 0, nameClaim: stamp, acts: [act] }
  const record = makeRecord({ ...fields, bindingClaim })
  if (!record.ok) throw new Error(record.message)
  return {
    id,
    record: record.value,
    status: 'inactive',
    lastBeatMs: undefined,
    asOfMs: WALL_MS,
    attendant: undefined,
    stamp,
    duplicateInstance: false,
    health: undefined,
    developerHandle: undefined,
    fqan: undefined,
    nameProblem: undefined,
    ...change,
  }
}
