import {
  addSum,
  claimsOf,
  fingerprintOf,
  type Holding,
  itemOf,
  presenceOf,
  type RegistryState,
  type Shown,
  sumOf,
  zeroSum,
} from '@rollcall/core'
import {
  compareStamps,
  type DeveloperId,
  developerIdOfProof,
  type EntityId,
  type EntityRecord,
  equalBytes,
  type Stamp,
} from '@rollcall/protocol'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** All of what a state keeps beside its entries (digest, counts, attendance, names, leases) is what a walk over them gives; looked at on one node after the other. */
class DerivedState implements Checker {
  readonly name = derivedState.name
  readonly #world: World
  /** Entries that changed since their items were looked at; an entry itself never changes. */
  readonly #changed = new Map<SimNode, Set<EntityId>>()
  #turn = 0

  constructor(world: World) {
    this.#world = world
  }

  interval(): void {
    const node = this.#world.nodes[this.#turn++ % this.#world.nodes.length]
    if (node !== undefined) this.#look(node)
  }

  settled(): void {
    for (const node of this.#world.nodes) {
      this.started(node)
      this.#look(node)
    }
  }

  started(node: SimNode): void {
    this.#changed.set(node, new Set(node.runtime?.inside.state.holdings.keys()))
  }

  changed(node: SimNode, id: EntityId): void {
    this.#changed.get(node)?.add(id)
  }

  #look(node: SimNode): void {
    const { runtime, name } = node
    const changed = this.#changed.get(node) ?? new Set<EntityId>()
    this.#changed.set(node, new Set())
    const fault = runtime === undefined ? undefined : faultIn(runtime.inside.state, changed)
    if (fault !== undefined) this.#world.fail(this.name, `on ${name} ${this.#named(fault)}`)
  }

  #named({ what, id }: Fault): string {
    return id === undefined ? what : `${what} ${this.#world.trace.of(id)}`
  }
}

interface Fault {
  readonly what: string
  readonly id?: EntityId
}

const faultIn = (state: RegistryState, changed: ReadonlySet<EntityId>): Fault | undefined =>
  itemFault(state, changed) ??
  digestFault(state) ??
  countFault(state) ??
  indexFault(state) ??
  nameFault(state) ??
  claimFault(state) ??
  holdingFault(state) ??
  leaseFault(state)

const itemFault = (state: RegistryState, changed: ReadonlySet<EntityId>): Fault | undefined => {
  for (const id of changed) {
    const holding = state.holdings.get(id)
    if (holding === undefined) continue
    const fresh = itemOf(holding.entry)
    const isSame = equalBytes(fresh.hash, holding.item.hash) && compareStamps(fresh.stamp, holding.item.stamp) === 0
    if (!isSame) return { what: 'the item is not that of', id }
  }
  return undefined
}

const digestFault = (state: RegistryState): Fault | undefined => {
  const sum = zeroSum()
  for (const { item } of state.holdings.values()) addSum(sum, sumOf(item.hash))
  if (state.items.count !== state.holdings.size)
    return { what: `${state.items.count} items stand for ${state.holdings.size} entries` }
  return equalBytes(state.items.fingerprint(), fingerprintOf(sum, state.holdings.size))
    ? undefined
    : { what: 'the digest is not that of the entries' }
}

const countFault = (state: RegistryState): Fault | undefined => {
  const counts: Record<Shown, number> = { active: 0, inactive: 0, developer: 0, tombstone: 0, grave: 0 }
  for (const { shown } of state.holdings.values()) counts[shown]++
  const { active, inactive, tombstones, graves } = state.counts
  const agree =
    active === counts.active &&
    inactive === counts.inactive &&
    tombstones === counts.tombstone &&
    graves === counts.grave
  return agree ? undefined : { what: 'the counts are not those of the entries' }
}

const indexFault = (state: RegistryState): Fault | undefined => {
  let attended = 0
  let tombstones = 0
  for (const [id, { entry }] of state.holdings) {
    if (entry.kind === 'tombstone') tombstones++
    if (entry.kind === 'tombstone' && !state.tombstones.has(id)) return { what: 'nothing will purge', id }
    const presence = presenceOf(entry)
    if (presence?.status !== 'active') continue
    attended++
    if (state.attended.get(presence.attendant)?.has(id) !== true) return { what: 'no attendant is known for', id }
  }
  if (state.tombstones.size !== tombstones) return { what: 'more tombstones wait for their purge than there are' }
  let listed = 0
  for (const ids of state.attended.values()) listed += ids.size
  return listed === attended ? undefined : { what: 'more entities are attended than are active' }
}

const nameFault = (state: RegistryState): Fault | undefined => {
  const holders = new Map<string, EntityRecord>()
  const records = [...state.holdings.values()].flatMap(({ entry }) => (entry.kind === 'record' ? [entry.record] : []))
  for (const record of records) {
    const key = nameKey(record)
    const holder = key === undefined ? undefined : holders.get(key)
    if (key === undefined || (holder !== undefined && compareStamps(record.nameClaim, holder.nameClaim) >= 0)) continue
    holders.set(key, record)
  }
  const wrong = records.find(
    (record) => state.claims.holder(nameKey(record) ?? '') !== holders.get(nameKey(record) ?? '')?.id,
  )
  return wrong === undefined ? undefined : { what: 'somebody else holds the name of', id: wrong.id }
}

/** Handles and names: the holder is whoever has the least claim, and a developer has the live entities that prove it. */
const claimFault = (state: RegistryState): Fault | undefined => {
  const holders = new Map<string, { readonly stamp: Stamp; readonly id: EntityId }>()
  const owned = new Map<DeveloperId, number>()
  for (const [id, { entry }] of state.holdings) {
    for (const { key, stamp } of claimsOf(entry)) {
      const before = holders.get(key)
      const order = before === undefined ? -1 : compareStamps(stamp, before.stamp) || (id < before.id ? -1 : 1)
      if (order < 0) holders.set(key, { stamp, id })
    }
    const proof = entry.kind === 'record' ? entry.record.profile.developerProof : undefined
    if (proof !== undefined) owned.set(developerIdOfProof(proof), (owned.get(developerIdOfProof(proof)) ?? 0) + 1)
  }
  for (const [key, { id }] of holders) {
    if (state.claims.holder(key) !== id) return { what: `somebody else holds ${key} than`, id }
  }
  for (const [developer, count] of owned) {
    if (state.owned.entities(developer).size !== count) return { what: `${count} entities prove`, id: developer }
  }
  return undefined
}

const nameKey = ({ profile }: EntityRecord): string | undefined =>
  profile.developerProof === undefined ? undefined : `${developerIdOfProof(profile.developerProof)} ${profile.name}`

const holdingFault = (state: RegistryState): Fault | undefined => {
  for (const [id, holding] of state.holdings) {
    const what = faultOf(state, holding)
    if (what !== undefined) return { what, id }
  }
  return undefined
}

const faultOf = (state: RegistryState, holding: Holding): string | undefined => {
  const { entry, item, shown } = holding
  // A verdict changes how entities are shown in the ticks after it; until then they wait in `review`.
  if (!state.review.has(entry.id) && shown !== state.shownNow(holding))
    return `${shown} is shown instead of ${state.shownNow(holding)}:`
  if (state.hybrid.wallMs < item.stamp.wallMs) return 'the clock is behind the stamp of'
  if (entry.kind !== 'record') return holding.beat === undefined ? undefined : 'a beat is held of the dead'
  const { record, presence } = entry
  if (presence !== undefined && compareStamps(presence.birth, record.birth) !== 0)
    return 'a presence of another birth is held of'
  return presence?.word.bytes.length === 0 ? 'nobody has signed the presence of' : undefined
}

const leaseFault = (state: RegistryState): Fault | undefined => {
  for (const id of state.attended.get(state.self) ?? []) {
    if (state.leases.deadlineMs(id) === undefined) return { what: 'no deadline runs for', id }
  }
  let leased = 0
  for (const [id, { entry }] of state.holdings) {
    if (state.leases.deadlineMs(id) === undefined) continue
    leased++
    if (entry.kind !== 'record') return { what: 'a deadline runs for the dead', id }
  }
  return state.leases.size === leased ? undefined : { what: 'deadlines run for entities that are not held' }
}

export const derivedState: CheckerKind = {
  name: 'derived-state',
  rule: 'S1a, S2, L3: digest, counts, attendance, names and deadlines of a node are those its entries give.',
  make: (world) => new DerivedState(world),
}
