/** Anything that may happen to one node, valid and nasty, as fast-check commands that are made into events when they run. */
import type { RegistryInput } from '@rollcall/core'
import type { Act, Beat, Delta, JsonObject, Stamp, Status } from '@rollcall/protocol'
import fc from 'fast-check'
import { deregistration, nativeAct, registration, update, zyndDeregister, zyndRegister, zyndUpdate } from './acts.ts'
import { documentedBeat, nativeBeat, zyndBeat } from './beats.ts'
import { developerMakes } from './developer-storm.ts'
import { graveEntry, recordEntry, recordOf, signedPresenceOf, stampOf, tombstoneEntry, tombstoneOf } from './entries.ts'
import { nodeKeys, type Owner, ownerOf, signerOf } from './keys.ts'
import { startOfTime, TestNode } from './node.ts'
import { FAST } from './settings.ts'

const owners = ['one', 'two', 'three'].map((label) => ownerOf(`storm ${label}`))
const developers = ['north', 'south'].map((label) => signerOf(`developer ${label}`))
const keys = nodeKeys(3)

/** What a command needs to be made into events: the node it happens to, and a source of tokens. */
export class Storm {
  readonly node: TestNode
  #token = 0

  constructor() {
    const [, key] = keys
    if (key === undefined) throw new Error('there are three keys')
    // The node in the middle of the order of ids: it wins ties against one peer and loses those against the other.
    this.node = new TestNode({ key, time: startOfTime(), settings: FAST })
  }

  token(): number {
    return ++this.#token
  }

  jump(ms: number): void {
    this.node.time.wallMs += ms
    this.node.time.monotonicMs += ms
  }

  /** A stamp of node `who`, `offMs` from now, on a coarse grid so that ties are common. */
  stamp(who: number, offMs: number): Stamp {
    const { id } = keys[who % keys.length] ?? this.node
    return stampOf(Math.max(1, Math.floor(this.node.nodeMs / 500) * 500 + offMs), id)
  }
}

type Make = (storm: Storm) => RegistryInput[]

/** Shows in a counterexample what was said, not how it is made. */
const named = (what: string, said: object, make: Make): Make =>
  Object.assign(make, { toString: () => `${what} ${JSON.stringify(said)}` })

const at = <T>(list: readonly T[], i: number): T => {
  const value = list[i % list.length]
  if (value === undefined) throw new Error('the list is not empty')
  return value
}

const who = fc.nat(2)
/** Around now, around the skew, and far from both. */
const offMs = fc.constantFrom(0, 1, 500, -500, 1_999, 2_000, 2_001, -2_000, -2_001, -9_000, 70_000)
const nasty = fc.constantFrom<JsonObject>(
  {},
  { summary: 's' },
  { name: 'north' },
  { name: 'south', tags: ['a', 'b'] },
  { tags: 'no list' },
  { name: '' },
  { name: '\ud800' },
  { entity_url: 'javascript:alert(1)' },
  { public_key: 'x' },
  { summary: 'x'.repeat(201) },
  { capability_summary: { deep: [[[{ a: null }]]] } },
  { version: null, entity_pricing: { model: 'free' } },
)

const acts: fc.Arbitrary<Make> = fc
  .record({
    kind: fc.constantFrom('register', 'update', 'deregister' as const),
    who,
    by: fc.nat(5),
    offMs,
    fields: nasty,
  })
  .map((said) =>
    named('act', said, (storm) => {
      const { kind, who: i, by, fields } = said
      const owner = at(owners, i)
      const developer = at(developers, by)
      const issuedAtMs = storm.node.wallMs + said.offMs
      const token = storm.token()
      if (kind === 'register') {
        const entity_name = at(['stocks', 'bonds', 'No name'], said.by)
        const profile = { name: at(['north', 'south'], i), developer, fields: { entity_name, ...fields } }
        const act = by === 0 ? zyndRegister(owner, { developer }) : registration(owner, issuedAtMs, profile)
        return [{ type: 'register', token, act: by === 5 ? { ...act, kind: 'update' } : act }]
      }
      const act = actOf(owner, { kind, by, issuedAtMs, fields })
      const developerKey = act.by === 'developer' ? { developerKey: developer.publicKey } : {}
      return [{ type: kind, token, id: at(owners, by === 5 ? i + 1 : i).id, act, ...developerKey }]
    }),
  )

const actOf = (
  owner: Owner,
  said: { kind: 'update' | 'deregister'; by: number; issuedAtMs: number; fields: JsonObject },
): Act => {
  const { kind, by, issuedAtMs, fields } = said
  const developer = by === 1 || by === 2 ? { developer: at(developers, by) } : {}
  if (by === 0) return kind === 'update' ? zyndUpdate(owner, fields) : zyndDeregister(owner)
  if (by === 4) return nativeAct(kind, owner, { body: fields, issuedAtMs })
  if (kind === 'update') return update(owner, issuedAtMs, { fields, ...developer })
  return deregistration(owner, issuedAtMs, developer.developer)
}

const beats: fc.Arbitrary<Make> = fc
  .record({
    who,
    form: fc.constantFrom('native', 'zynd', 'documented', 'goodbye', 'foreign'),
    offMs,
    sessionId: fc.integer({ min: 1, max: 3 }),
  })
  .map((said) =>
    named('beat', said, (storm) => {
      const { form, sessionId } = said
      const owner = at(owners, said.who)
      const timeMs = Math.max(0, Math.floor(storm.node.nodeMs) + said.offMs)
      const beat = beatOf(storm, owner, { form, timeMs })
      return [{ type: 'beat', token: storm.token(), id: owner.id, beat, sessionId, address: `session ${sessionId}` }]
    }),
  )

const beatOf = (storm: Storm, owner: Owner, said: { form: string; timeMs: number }): Beat => {
  const { form, timeMs } = said
  if (form === 'zynd') return zyndBeat(owner, timeMs)
  if (form === 'documented') return documentedBeat(owner, timeMs)
  const status: Status = form === 'goodbye' ? 'inactive' : 'active'
  return nativeBeat(owner, form === 'foreign' ? at(keys, 0).id : storm.node.id, timeMs, status)
}

/** Entries of peers: about the birth that is held or another, by any node (this one, too), at any time. */
const deltas: fc.Arbitrary<Make> = fc
  .record({
    kind: fc.constantFrom('record', 'record with presence', 'presence', 'tombstone', 'grave'),
    who,
    by: who,
    from: fc.constantFrom(0, 2),
    birthOffMs: fc.constantFrom(0, 0, -500, 500, -9_000),
    offMs,
    status: fc.constantFrom('active' as const, 'inactive' as const),
    beatOffMs: offMs,
    held: fc.boolean(),
  })
  .map((said) =>
    named('deltas', said, (storm) => [
      { type: 'deltas', deltas: [deltaOf(storm, said)], from: at(keys, said.from).id, source: 'sync' },
    ]),
  )

const deltaOf = (
  storm: Storm,
  said: {
    kind: string
    who: number
    by: number
    birthOffMs: number
    offMs: number
    status: Status
    beatOffMs: number
    held: boolean
  },
): Delta => {
  const owner = at(owners, said.who)
  const heldEntry = storm.node.entry(owner.id)
  const held = said.held && heldEntry?.kind === 'record' ? heldEntry.record : undefined
  const stamp = storm.stamp(said.by, said.offMs)
  if (said.kind === 'tombstone') return tombstoneEntry(tombstoneOf(owner, stamp))
  if (said.kind === 'grave') return graveEntry(owner, stamp)
  const birth = held?.birth ?? storm.stamp(said.by, Math.min(said.offMs, said.birthOffMs) - 500)
  const beatMs = Math.max(0, Math.floor((storm.node.nodeMs + said.beatOffMs) / 100) * 100)
  const presence = signedPresenceOf(owner, at(keys, said.by), { birth, status: said.status, beatMs, stamp })
  if (said.kind === 'presence') return { kind: 'presence', id: owner.id, presence }
  const record = held ?? recordOf(owner, { birth, stamp: birth, name: at(['north', 'south'], said.by) })
  return recordEntry(record, said.kind === 'record' ? undefined : presence)
}

const OTHERS = ['heard', 'status', 'synced', 'sweep', 'flush', 'tick', 'tick', 'tick'] as const

const others: fc.Arbitrary<Make> = fc
  .record({ what: fc.constantFrom(...OTHERS), who, offMs, verdictOffMs: offMs })
  .map((said) => named(said.what, said, (storm) => otherOf(storm, said)))

const otherOf = (
  storm: Storm,
  said: { what: (typeof OTHERS)[number]; who: number; offMs: number; verdictOffMs: number },
): RegistryInput[] => {
  const { node } = storm
  const origin = at(keys, said.who).id
  const stamp = storm.stamp(said.who, said.offMs)
  switch (said.what) {
    case 'heard':
      return [{ type: 'heard', node: origin, stamp, ageMs: Math.abs(said.offMs) }]
    case 'status': {
      const verdicts = keys.map(({ id }, i) => ({ node: id, lastStamp: storm.stamp(i, said.verdictOffMs) }))
      const clockMs = Math.max(0, Math.floor(node.nodeMs + said.offMs))
      return [{ type: 'status', origin, status: node.status({ stamp, verdicts, clockMs }) }]
    }
    case 'synced':
      // A node syncs with others only.
      return origin === node.id ? [] : [{ type: 'synced', peer: origin, startedMs: node.nodeMs - 500 }]
    case 'sweep':
      return [{ type: 'sweep', ids: owners.map(({ id }) => id) }]
    case 'flush':
    case 'tick':
      return [{ type: said.what }]
  }
}

export type Command =
  | { readonly do: 'events'; readonly make: readonly Make[] }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'step the wall clock'; readonly ms: number }
  | { readonly do: 'restart'; readonly lost: number }

const make = fc.oneof(
  { weight: 3, arbitrary: acts },
  { weight: 5, arbitrary: beats },
  { weight: 4, arbitrary: deltas },
  { weight: 4, arbitrary: others },
  { weight: 4, arbitrary: developerMakes(keys) },
)

/** Several events of one command share a step. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('events' as const), make: fc.array(make, { minLength: 1, maxLength: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 500, 1_000, 3_000, 11_000, 45_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('step the wall clock' as const), ms: fc.constantFrom(-60_000, 60_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), lost: fc.nat(3) }) },
)

/** Runs a command. Time passes with ticks in it, or in one leap where it is too much for the process to have been there. */
export const run = (storm: Storm, one: Command): void => {
  switch (one.do) {
    case 'events':
      storm.node.step(...one.make.flatMap((events) => events(storm)))
      return
    case 'pass':
      storm.jump(one.ms)
      storm.node.tick()
      return
    case 'step the wall clock':
      storm.node.offsetMs += one.ms
      return
    case 'restart':
      storm.node.restart(one.lost)
  }
}
