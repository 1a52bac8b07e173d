/**
 * The registry as its front doors see it: what the HTTP API and the heartbeat sockets call, and what the runtime
 * implements. Signatures are verified behind this door; sizes, rates and shapes in front of it.
 *
 * Every call answers with a result; a rejected promise is a fault of the software (`internal_error`). A call that answers
 * `node_not_ready` or `storage_unavailable` has not run and never will.
 */
import type {
  Act,
  Beat,
  BeatOutcome,
  DeveloperId,
  DeveloperProfile,
  DeveloperRecord,
  EntityId,
  EntityRecord,
  EntityType,
  EntryCounts,
  ErrorCode,
  Failure,
  JsonObject,
  NodeId,
  NodeMode,
  Result,
  Stamp,
  Status,
} from '@rollcall/protocol'
import type { AuditHead, AuditLink } from '../audit.ts'

export interface Registry {
  readonly nodeId: NodeId

  /** Registers the entity the act names. Durable when it resolves. `already_registered` where a live record is known. */
  register(act: Act, context: RequestContext): Promise<Result<EntityView>>
  /** Applies a signed update. Durable when it resolves. An act that sets no field answers the record unchanged. */
  update(id: EntityId, act: Act, context: RequestContext): Promise<Result<EntityView>>
  /** Ends the entity with a tombstone (T1). Durable when it resolves. */
  deregister(
    id: EntityId,
    act: Act,
    context: RequestContext,
  ): Promise<Result<{ readonly id: EntityId; readonly stamp: Stamp }>>

  /** Judges one beat; resolves with its one counted outcome (L9). Never rejects. */
  beat(id: EntityId, beat: Beat, source: BeatSource): Promise<BeatAnswer>

  /**
   * The entity as this node shows it; `fresh` asks the attendant for its newest beat within 300 ms. Fails with
   * `entity_not_found`, or `entity_deregistered` with `deregistered_at` and `purge_after` (ISO times) in the details.
   */
  entity(id: EntityId, consistency: 'local' | 'fresh'): Promise<Result<EntityView>>
  /** Asks peers for an entity this node does not know (L7) before it answers. */
  locate(id: EntityId): Promise<Result<EntityView>>
  search(request: SearchRequest): Promise<Result<SearchAnswer>>
  /** Registered entities in ascending order of id, whatever their status. */
  list(filter: ListFilter): { readonly entities: readonly EntityView[]; readonly total: number }

  /**
   * Takes what a developer signed about itself: its registration, an update, the claim of a handle or its release. Durable
   * when it resolves. The first act of a developer that only proofs of its entities made known begins its record.
   * `developer_not_found`, `already_registered`, `conflict_duplicate_name` (with `holder`).
   */
  developerAct(id: DeveloperId, act: Act, context: RequestContext): Promise<Result<DeveloperView>>
  /** Ends a developer with a tombstone (T1). Its entities stay. Durable when it resolves. */
  deregisterDeveloper(
    id: DeveloperId,
    act: Act,
    context: RequestContext,
  ): Promise<Result<{ readonly id: DeveloperId; readonly stamp: Stamp }>>
  /** A developer, by its own word or by the proof of a live entity; asked of peers where it is known by neither. */
  developer(id: DeveloperId): Promise<Result<DeveloperView>>
  /** The developer that holds a handle; undefined where nobody does. */
  holderOfHandle(handle: string): DeveloperView | undefined
  /** Whether `signature` is a developer's over `message`: for what changes nothing and must come from it all the same. */
  isSignedBy(id: DeveloperId, message: Uint8Array, signature: Uint8Array): Promise<Result<boolean>>
  /**
   * Binds a name to an entity, or releases it, by an act of the developer whose proof the entity carries. Durable when it
   * resolves. `forbidden` for another's entity, `developer_not_found` where nobody holds the handle that the act names,
   * `conflict_duplicate_name` (with `holder`) where another entity holds the name. Binding the same again changes nothing.
   */
  nameAct(id: EntityId, act: Act, context: RequestContext): Promise<Result<EntityView>>
  /** The entity that holds a name under the holder of a handle; undefined where none does. */
  resolveName(of: { readonly handle: string; readonly name: string }): EntityView | undefined
  /** The entities that hold a name under a developer, in ascending order of name. */
  namesOf(developer: DeveloperId): readonly EntityView[]

  /** Tells of a heartbeat socket, so that the registry can end it; the session ends with `close()`. */
  openSession(session: SessionInit): Session

  node(): NodeView
  cluster(): ClusterView
  /** Whether this node serves: has its state, synced once (S4), mesh joined; with the reason while not. */
  readiness(): { readonly ready: true } | { readonly ready: false; readonly reason: string }
  /** URLs of the other nodes that serve, for failover; this node's own last. */
  otherUrls(): readonly string[]

  /** Links of this node's audit chain after number `after`, oldest first, at most `limit` (A1). */
  auditLinks(options: { readonly after: number; readonly limit: number }): Promise<readonly AuditLink[]>
  /** Walks the whole chain, and asks the peers what they remember of its head. Costs a read of all of it, in slices. */
  verifyAudit(): Promise<AuditReport>

  /** The cursor of the newest event: whoever subscribes since it misses nothing from now on. */
  eventCursor(): string
  /**
   * Hands `listener` every transition after `since` (the cursor of an earlier event), held ones first, then live ones; from
   * now on without `since`. A cursor this node no longer holds begins with an event of type `gap`. The listener must not
   * throw, and must not block: a slow reader bounds and ends its own queue. Returns a function that ends it.
   */
  subscribe(options: { readonly since?: string; readonly listener: (event: RegistryEvent) => void }): () => void
}

export interface AuditReport {
  /** `tail_unwitnessed`: the chain is whole, and no peer remembers a head of it, so a cut tail would not be seen. */
  readonly result: 'ok' | 'broken' | 'tail_unwitnessed'
  /** Number of the newest link. */
  readonly length: number
  /** Number of the oldest link held; those before it were pruned. */
  readonly oldest: number
  readonly firstBrokenId?: number
  readonly reason?: string
  /** Peers that remember a head of this chain. */
  readonly witnesses: readonly NodeId[]
}

export interface RequestContext {
  readonly requestId: string
  /** Network address of the caller, for the log. */
  readonly address: string
}

export interface BeatSource extends RequestContext {
  readonly session: Session
  readonly health?: JsonObject
}

export interface BeatAnswer {
  readonly outcome: BeatOutcome
  /** Code for the client; absent for `accepted` and `duplicate`. */
  readonly error?: ErrorCode | 'stale_heartbeat'
  readonly message: string
  /** Status of the entity after this beat, as this node shows it. */
  readonly status: Status
  /** Milliseconds within which the next beat is expected. */
  readonly nextExpectedMs: number
}

export interface EntityView {
  readonly id: EntityId
  readonly record: EntityRecord
  /** As this node shows it: verdicts and private beats taken into account. */
  readonly status: Status
  /** Time of the newest beat known, in the entity's clock; undefined before the first. */
  readonly lastBeatMs: number | undefined
  /** Wall time to which `lastBeatMs` is known to be the newest. */
  readonly asOfMs: number
  readonly attendant: NodeId | undefined
  /** The greater of record stamp and presence stamp. */
  readonly stamp: Stamp
  /** Two processes with this key were noticed lately (L8). */
  readonly duplicateInstance: boolean
  /** What the entity last said of its health, on its attendant only. */
  readonly health: JsonObject | undefined
  /** Handle that the developer of the entity holds. */
  readonly developerHandle: string | undefined
  /** `registry-host/handle/name`, where the entity holds its name and its developer a handle. */
  readonly fqan: string | undefined
  /** Why the entity does not bear the name it asks for. */
  readonly nameProblem: Failure | undefined
}

/** A developer as this node knows it: all of it a function of replicated state. */
export interface DeveloperView {
  readonly id: DeveloperId
  readonly publicKey: Uint8Array
  /** What it said of itself; undefined where only proofs of its entities made it known. */
  readonly record: DeveloperRecord | undefined
  readonly profile: DeveloperProfile
  /** The handle it holds. */
  readonly handle: string | undefined
  /** A handle it claims and another holds, by an older claim. */
  readonly handleConflict: { readonly handle: string; readonly holder: DeveloperId } | undefined
  /** Live entities with its proof. */
  readonly entities: number
  /** Stamp of its first word, or of the oldest birth among its entities. */
  readonly since: Stamp
  /** Stamp of its newest word, or as `since`. */
  readonly stamp: Stamp
}

export interface SearchRequest {
  readonly text: string
  readonly status: Status | 'any'
  readonly category?: string
  /** Any of, case-insensitive. */
  readonly tags?: readonly string[]
  /** Raise the score of what has them; never exclude. */
  readonly skills?: readonly string[]
  readonly type?: EntityType
  readonly developerId?: string
  /** Entities of the developer that holds this handle. */
  readonly developerHandle?: string
  readonly limit: number
  readonly offset: number
  readonly cursor?: string
}

export interface SearchAnswer {
  readonly hits: readonly SearchAnswerHit[]
  readonly totalFound: number
  readonly nextCursor: string | undefined
  readonly asOfMs: number
  /** Whether every node that had to be asked answered. */
  readonly complete: boolean
  readonly unanswered: readonly NodeId[]
}

export interface SearchAnswerHit {
  readonly entity: EntityView
  readonly score: number
  readonly breakdown: Readonly<Record<string, number>>
}

export interface ListFilter {
  readonly type?: EntityType
  readonly category?: string
  readonly developerId?: string
  /** Entities of the developer that holds this handle. */
  readonly developerHandle?: string
  readonly limit: number
  readonly offset: number
}

export interface SessionInit {
  readonly kind: 'native' | 'zynd' | 'documented'
  readonly entities: readonly EntityId[]
  readonly address: string
  /** The session no longer serves this entity, for good (L8, T1). The socket answers, and closes when none is left. */
  onRevoked(id: EntityId, reason: 'superseded' | 'deregistered'): void
  /** The node is stopping: the client should go to another of these (drain). */
  onMoved(nodes: readonly string[]): void
}

export interface Session {
  /** Unique on this node while it runs, ascending: a greater one is newer. */
  readonly id: number
  /**
   * Says that this session serves an entity: only after a beat of it that counted, because a native session takes the
   * entity over from older ones (L8), and a claim proves nothing. Idempotent.
   */
  add(id: EntityId): void
  close(): void
}

export interface NodeView {
  readonly id: NodeId
  readonly name: string
  readonly url: string
  readonly mode: NodeMode
  readonly version: string
  readonly startedAtMs: number
  readonly counts: EntryCounts
  /** Hexadecimal. */
  readonly digest: string
}

export interface ClusterNodeView extends Omit<NodeView, 'startedAtMs'> {
  readonly self: boolean
  readonly state: 'heard' | 'suspect' | 'gone'
  readonly ready: boolean
  readonly lastSeenMs: number
  /** Its clock minus ours when last heard, in milliseconds; includes the way of the message. */
  readonly clockOffsetMs: number
  readonly roundTripMs: number | undefined
  readonly connected: boolean
  /** The furthest head of its audit chain that it told this node; of this node, that of its own chain (A1). */
  readonly auditHead: AuditHead | undefined
}

export interface ClusterView {
  /** Equal digests, and no node gone for one that another hears (S3). */
  readonly converged: boolean
  /** Why not, one sentence a reason. */
  readonly reasons: readonly string[]
  readonly nodes: readonly ClusterNodeView[]
}

export type EntityTransitionKind =
  | 'registered'
  | 'updated'
  | 'active'
  | 'moved'
  | 'inactive'
  | 'deregistered'
  | 'purged'
export type DeveloperTransitionKind =
  | 'developer_registered'
  | 'developer_updated'
  | 'developer_deregistered'
  | 'developer_purged'
export type TransitionKind = EntityTransitionKind | DeveloperTransitionKind
/**
 * Who holds a handle or a name changed (N1): somebody holds it now, somebody else's older claim took it away
 * (`conflict_duplicate_name`), or nobody holds it any more.
 */
export type ClaimEventKind =
  | 'handle_claimed'
  | 'handle_lost'
  | 'handle_released'
  | 'name_registered'
  | 'name_lost'
  | 'name_released'

export interface RegistryEvent {
  readonly cursor: string
  readonly type: TransitionKind | ClaimEventKind | 'gap'
  readonly atMs: number
  readonly entityId?: EntityId
  /** Of what is about a developer, a handle or a name. */
  readonly developerId?: DeveloperId
  readonly handle?: string
  readonly fqan?: string
  /** Who holds it, of what was lost. */
  readonly holder?: EntityId
  readonly name?: string
  readonly category?: string
  readonly from?: string
  readonly to?: string
  /**
   * Why. A presence tells its cause: `session`, `roamed`, `reaffirmed`, `silence`, `goodbye`. Otherwise `owner`, `retention`,
   * `attendant_gone`, `beat` (a private one ended what a verdict hid), `stamp_future` or `sweep`.
   */
  readonly reason?: string
  readonly attendant?: NodeId
  readonly stamp?: string
}
