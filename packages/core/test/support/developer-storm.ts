/** What may happen to a node through developers: their acts, names bound and released, and what peers say of developers. */
import type { RegistryInput } from '@rollcall/core'
import type { ActKind, Delta } from '@rollcall/protocol'
import fc from 'fast-check'
import {
  aboutItself,
  binding,
  type Developer,
  developerEntry,
  developerGrave,
  developerNamed,
  developerRecordOf,
  developerRegistration,
  developersAct,
  developerTombstone,
} from './developers.ts'
import { type NodeKey, ownerOf } from './keys.ts'
import type { Storm } from './storm.ts'

type Make = (storm: Storm) => RegistryInput[]

/** Their signers are those whose proofs the storm's registrations carry. */
const developers = ['developer north', 'developer south'].map(developerNamed)
const owners = ['one', 'two', 'three'].map((label) => ownerOf(`storm ${label}`))
const handles = ['alice', 'bob', 'admin']
const names = ['stocks', 'bonds', 'X']

const named = (what: string, said: object, make: Make): Make =>
  Object.assign(make, { toString: () => `${what} ${JSON.stringify(said)}` })

const at = <T>(list: readonly T[], i: number): T => {
  const value = list[i % list.length]
  if (value === undefined) throw new Error('the list is not empty')
  return value
}

const KINDS = [
  'register_developer',
  'update_developer',
  'deregister_developer',
  'claim_handle',
  'release_handle',
  'bind_name',
  'release_name',
] as const satisfies readonly ActKind[]

const offMs = fc.constantFrom(0, 1, 500, -500, 2_001)

const acts: fc.Arbitrary<Make> = fc
  .record({ kind: fc.constantFrom(...KINDS), who: fc.nat(1), about: fc.nat(2), what: fc.nat(2), offMs })
  .map((said) =>
    named('developer act', said, (storm) => {
      const developer = at(developers, said.who)
      const issuedAtMs = Math.floor(storm.node.wallMs) + said.offMs
      const token = storm.token()
      if (said.kind === 'bind_name' || said.kind === 'release_name') {
        const { id } = at(owners, said.about)
        const fields = { entity_name: at(names, said.what), version: String(said.what) }
        const act =
          said.kind === 'bind_name'
            ? binding(developer, id, issuedAtMs, fields)
            : developersAct(developer, 'release_name', { body: { entity_id: id, ...fields }, issuedAtMs })
        return [{ type: 'name', token, id, act, developerKey: developer.signer.publicKey }]
      }
      const { id, signer } = developer
      return [{ type: 'developer', token, id, act: actOf(developer, said, issuedAtMs), publicKey: signer.publicKey }]
    }),
  )

const actOf = (developer: Developer, said: { kind: ActKind; about: number; what: number }, issuedAtMs: number) => {
  const handle = at(handles, said.what)
  if (said.kind === 'register_developer') {
    return developerRegistration(developer, issuedAtMs, said.about === 0 ? { name: 'D' } : { name: 'D', handle })
  }
  return aboutItself(developer, said.kind, issuedAtMs, said.kind === 'update_developer' ? { name: handle } : { handle })
}

/** By any node (this one, too), about the birth that is held or another. */
const deltasOf = (keys: readonly NodeKey[]): fc.Arbitrary<Make> =>
  fc
    .record({
      kind: fc.constantFrom('record', 'record', 'tombstone', 'grave'),
      who: fc.nat(1),
      by: fc.nat(2),
      what: fc.nat(2),
      birthOffMs: fc.constantFrom(0, -500, -9_000),
      offMs: fc.constantFrom(0, 500, -500, -9_000, 70_000),
    })
    .map((said) =>
      named('developer entry', said, (storm) => [
        { type: 'deltas', deltas: [deltaOf(storm, said)], from: at(keys, 2).id, source: 'sync' },
      ]),
    )

const deltaOf = (
  storm: Storm,
  said: { kind: string; who: number; by: number; what: number; birthOffMs: number; offMs: number },
): Delta => {
  const developer = at(developers, said.who)
  const stamp = storm.stamp(said.by, said.offMs)
  if (said.kind === 'tombstone') return developerTombstone(developer, stamp)
  if (said.kind === 'grave') return developerGrave(developer, stamp)
  const birth = storm.stamp(said.by, Math.min(said.offMs, said.birthOffMs) - 500)
  const claim = said.what === 2 ? {} : { handle: at(handles, said.what) }
  return developerEntry(developerRecordOf(developer, { birth, stamp, ...claim }))
}

export const developerMakes = (keys: readonly NodeKey[]): fc.Arbitrary<Make> =>
  fc.oneof({ weight: 2, arbitrary: acts }, { weight: 1, arbitrary: deltasOf(keys) })
