/** Whatever happens to a node: its step never throws, its state stays sound, and its effects keep their promises. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AuditHead, breakOf, type Effects, GENESIS, ownerStamp, readLinkRow } from '@rollcall/core'
import { NativeVerifier } from '@rollcall/identity/node'
import { type EntityId, presenceChecks, type SignatureCheck } from '@rollcall/protocol'
import fc from 'fast-check'
import { cases } from './support/cases.ts'
import { command, run, Storm } from './support/storm.ts'

const histories = fc.array(command, { minLength: 1, maxLength: 60, size: 'max' })

// Each step of a test node is audited against its holdings, and its effects against disk, view and signatures: support/node.ts.

/** What may bring about each kind of transition. */
const REASONS: Readonly<Record<Effects['transitions'][number]['kind'], readonly string[]>> = {
  registered: ['owner'],
  updated: ['owner'],
  deregistered: ['owner'],
  purged: ['retention'],
  active: ['session', 'roamed', 'reaffirmed', 'beat'],
  moved: ['session', 'roamed', 'reaffirmed'],
  inactive: ['silence', 'goodbye', 'attendant_gone', 'stamp_future'],
  developer_registered: ['owner'],
  developer_updated: ['owner'],
  developer_deregistered: ['owner'],
  developer_purged: ['retention'],
}

describe('any history of one node', () => {
  test('L9, S1a: never throws, leaves everything derived equal to a recomputation, and answers each event once', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const storm = new Storm()
        for (const one of history) run(storm, one)
      }),
      cases(120),
    )
  })

  test('I3: every presence it announces is borne out by the beat and by its own word, for the strict verifier', async () => {
    const checks: SignatureCheck[] = []
    fc.assert(
      fc.property(histories, (history) => {
        const storm = new Storm()
        const { node } = storm
        node.onEffects = ({ publish }) => {
          for (const delta of publish) {
            const entry = node.entry(delta.id)
            const presence = delta.kind === 'presence' ? delta.presence : undefined
            if (presence === undefined || entry?.kind !== 'record') continue
            assert.equal(presence.attendant, node.id, 'it announces nobody else’s')
            checks.push(...presenceChecks(presence, delta.id, entry.record.publicKey))
          }
        }
        for (const one of history) run(storm, one)
      }),
      cases(50),
    )
    const verifier = new NativeVerifier()
    assert.ok(checks.length > 10, `${checks.length} signatures`)
    for (const { publicKey, messages, signature } of checks) {
      const [message] = messages
      assert.ok(message && (await verifier.verify(publicKey, message, signature)))
    }
  })

  test('L1, L11, I3: nothing becomes active without a beat or a peer’s presence, nothing inactive without a reason', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const storm = new Storm()
        const reasons: Effects['transitions'][number][] = []
        storm.node.onEffects = ({ transitions }) => reasons.push(...transitions)
        for (const one of history) run(storm, one)
        for (const { kind, reason } of reasons) assert.ok(REASONS[kind].includes(reason), `${kind} by ${reason}`)
      }),
      cases(50),
    )
  })

  test('L2, T3: once ended, a birth never comes back, and no newest beat of a birth grows older', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const storm = new Storm()
        const births = new Map<EntityId, number>()
        for (const one of history) {
          const { wallMs } = storm.node.state.hybrid
          run(storm, one)
          // A clock that was wrong and was mended starts anew, and what was written by it is stamped anew (M4).
          if (one.do === 'restart' || storm.node.state.hybrid.wallMs < wallMs) births.clear()
          for (const [id, { entry }] of storm.node.state.holdings) {
            const owner = ownerStamp(entry)
            assert.ok(owner.wallMs >= (births.get(id) ?? 0), 'acts of an owner only move on (M2)')
            births.set(id, owner.wallMs)
          }
        }
      }),
      cases(50),
    )
  })

  test('L5: a restart changes no entry and no digest, whatever happened, once everything is on disk', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const storm = new Storm()
        for (const one of history) run(storm, one)
        storm.node.step({ type: 'flush' })
        const digest = storm.node.digest()
        const newest = [...storm.node.state.holdings].map(([id]) => storm.node.state.newestBeatMs(id))
        storm.node.restart(10)
        assert.equal(storm.node.digest(), digest)
        for (const [i, [id, { entry }]] of [...storm.node.state.holdings].entries()) {
          if (entry.kind === 'record' && storm.node.state.endedBeats.size === 0) {
            assert.ok(storm.node.state.newestBeatMs(id) <= Math.max(...newest), `${i}`)
          }
        }
      }),
      cases(50),
    )
  })

  test('A1: its chain on disk is whole, over restarts too, and any change of it shows where', () => {
    const damaged = fc.record({ history: histories, at: fc.nat(), how: fc.constantFrom('flip', 'drop', 'swap') })
    fc.assert(
      fc.property(damaged, ({ history, at, how }) => {
        const storm = new Storm()
        for (const one of history) run(storm, one)
        const rows = storm.node.disk.scan('audit').map(([, value]) => value)
        assert.equal(firstBroken(rows), undefined)
        if (rows.length < 2) return
        const i = at % (rows.length - 1)
        const [row, next] = [rows[i], rows[i + 1]]
        assert.ok(row && next)
        const flipped = Uint8Array.from(row)
        flipped[at % row.length] = (flipped[at % row.length] ?? 0) ^ 1
        if (how === 'flip') rows[i] = flipped
        else if (how === 'drop') rows.splice(i, 1)
        else rows.splice(i, 2, next, row)
        const broken = firstBroken(rows)
        // A byte of the number or the hash may show at the link itself or at the one that covers it.
        assert.ok(broken !== undefined && broken >= i && broken <= i + 1, `${how} at ${i} shows at ${broken}`)
      }),
      cases(50),
    )
  })
})

/** Place of the first row that does not continue the chain. */
const firstBroken = (rows: readonly Uint8Array[]): number | undefined => {
  let head: AuditHead = GENESIS
  for (const [i, row] of rows.entries()) {
    const link = readLinkRow(row)
    if (!link.ok || breakOf(head, link.value) !== undefined) return i
    head = link.value
  }
  return undefined
}
