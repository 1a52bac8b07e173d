/** The part of the front door at which developers speak: signatures are verified here, and peers asked where this node does not know. */
import type { Clock, DeveloperView, RegistryInput, RegistryState, RequestContext } from '@rollcall/core'
import {
  type Act,
  actChecks,
  actContent,
  type DeveloperId,
  developerIdOf,
  developerOf,
  type EntityId,
  fail,
  ok,
  type Result,
  type Stamp,
} from '@rollcall/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { Directory } from './directory.ts'
import type { Evidence } from './evidence.ts'
import type { Fetcher } from './fetcher.ts'

export interface DeveloperDoorInit {
  readonly state: RegistryState
  readonly evidence: Evidence
  readonly fetcher: Fetcher
  readonly directory: Directory
  readonly clock: Clock
  readonly write: (event: (token: number) => RegistryInput, context: RequestContext) => Promise<Written>
}

type Written = Result<{ readonly id: EntityId; readonly stamp: Stamp }>

const UNSYNCED = 'this node has not yet synced with the cluster'
const UNKNOWN_FOR_MS = 2_000
const UNKNOWN_MAX = 10_000

export class DeveloperDoor {
  readonly #init: DeveloperDoorInit
  readonly #unknownUntilMs = new BoundedMap<DeveloperId, number>(UNKNOWN_MAX)

  constructor(init: DeveloperDoorInit) {
    this.#init = init
  }

  /** What is known of a developer, here or at a peer. A node that holds nothing yet cannot say "not found" (S4). */
  async find(id: DeveloperId): Promise<Result<DeveloperView>> {
    const { state, fetcher, directory, clock } = this.#init
    const known = directory.developer(id)
    if (known.ok || state.holdings.has(id)) return known
    const nowMs = clock.monotonicMs()
    // Clients ask for their developer at every start: what no peer knew a moment ago is not asked for again at once.
    if ((this.#unknownUntilMs.get(id) ?? 0) <= nowMs) {
      await fetcher.fetch(id)
      this.#unknownUntilMs.set(id, nowMs + UNKNOWN_FOR_MS)
    }
    const found = directory.developer(id)
    return found.ok || state.ready ? found : fail('node_not_ready', UNSYNCED)
  }

  async act(id: DeveloperId, act: Act, context: RequestContext): Promise<Written> {
    const publicKey = await this.#keyOf(id, act)
    if (!publicKey.ok) return publicKey
    const checks = actChecks(act, { id, publicKey: publicKey.value, proof: undefined })
    if (!(await this.#init.evidence.allHold(checks))) {
      return fail('signature_invalid', 'this is not signed by the key of the developer')
    }
    return this.#init.write((token) => ({ type: 'developer', token, id, act, publicKey: publicKey.value }), context)
  }

  async name(id: EntityId, act: Act, context: RequestContext): Promise<Written> {
    const { state, fetcher, evidence, write } = this.#init
    if (!state.ready) return fail('node_not_ready', UNSYNCED)
    if (!state.holdings.has(id)) await fetcher.fetch(id)
    const entry = state.holdings.get(id)?.entry
    if (entry?.kind !== 'record') return fail('entity_not_found', `${id} is not registered`)
    const proof = entry.record.profile.developerProof
    if (proof === undefined) return fail('forbidden', `${id} carries no proof of a developer who could name it`)
    const checks = actChecks(act, { id, publicKey: entry.record.publicKey, proof })
    if (!(await evidence.allHold(checks))) {
      return fail(
        'signature_invalid',
        `this is not signed by ${developerIdOf(proof.publicKey)}, whose proof ${id} carries`,
      )
    }
    return write((token) => ({ type: 'name', token, id, act, developerKey: proof.publicKey }), context)
  }

  async isSignedBy(id: DeveloperId, message: Uint8Array, signature: Uint8Array): Promise<Result<boolean>> {
    const found = await this.find(id)
    if (!found.ok) return found
    return ok(await this.#init.evidence.holds({ publicKey: found.value.publicKey, messages: [message], signature }))
  }

  /** A registration spells its key; of every other act the developer is known. */
  async #keyOf(id: DeveloperId, act: Act): Promise<Result<Uint8Array>> {
    if (act.kind !== 'register_developer') {
      const found = await this.find(id)
      return found.ok ? ok(found.value.publicKey) : found
    }
    const content = actContent(act)
    if (!content.ok) return content
    const who = developerOf(content.value.body)
    if (!who.ok) return who
    if (who.value.id !== id) return fail('id_mismatch', `the key gives the id ${who.value.id}`)
    // A node that missed the registration must not begin a second birth (L7).
    if (!this.#init.state.holdings.has(id)) await this.#init.fetcher.fetch(id)
    return ok(who.value.publicKey)
  }
}
