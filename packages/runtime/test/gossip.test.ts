import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Mesh, RegistryState, SteadyClock } from '@rollcall/core'
import { nativeSigner } from '@rollcall/identity/node'
import { nodeIdOf } from '@rollcall/protocol'
import { CountingMetrics, ManualClock } from '@rollcall/testkit'
import { Gossip, type GossipInit } from '../src/gossip.ts'
import { Agent } from './support/agent.ts'
import { SETTINGS } from './support/cluster.ts'

const signer = nativeSigner(new Uint8Array(32).fill(1))
const self = nodeIdOf(signer.publicKey)

test('G4: of its messages a node gives those it keeps in a run, and nothing where the first of them is no longer kept', () => {
  const clock = new ManualClock()
  const steady = new SteadyClock({ wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), floorMs: 0 })
  const stampFloor = { wallMs: 0, counter: 0 }
  const state = new RegistryState({ self, settings: SETTINGS, steady, stampFloor, monotonicMs: 0, ready: true })
  const published: Uint8Array[] = []
  const mesh: Pick<Mesh, 'publish'> = { publish: (_topic, message) => void published.push(message) }
  const metrics = new CountingMetrics()
  // What it only hears with is left out.
  const said = { state, clock, signer, mesh, metrics, batchWindowMs: 50, bytesMax: 65_536 }
  const gossip = new Gossip(said as unknown as GossipInit)
  const { id } = new Agent(1)
  for (let number = 1; number <= 600; number++) {
    gossip.announce([{ kind: 'grave', id, grave: { id, stamp: state.hybrid.issue(clock.wallMs()) } }])
    gossip.flush()
  }
  assert.equal(published.length, 600)
  assert.deepEqual([...gossip.sealed(gossip.run, 598, 700)], published.slice(597))
  assert.deepEqual([...gossip.sealed(gossip.run, 89, 90)], published.slice(88, 90))
  // Counted from the first one asked for, what comes after a missing one would be taken for it.
  assert.deepEqual([...gossip.sealed(gossip.run, 88, 90)], [])
  assert.deepEqual([...gossip.sealed(gossip.run + 1, 598, 600)], [])
})
