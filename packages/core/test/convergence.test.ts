/**
 * Three nodes through random histories: owners' acts and beats anywhere, cuts, crashes, suspensions, messages lost, repeated
 * and reordered. When the faults stop, everything must agree, and with the truth.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Beat, compareStamps, type EntityId, type Stamp } from '@rollcall/protocol'
import fc from 'fast-check'
import { deregistration, registration, update } from './support/acts.ts'
import { goodbye, zyndBeat } from './support/beats.ts'
import { cases } from './support/cases.ts'
import { Client, newSession } from './support/clients.ts'
import { Cluster } from './support/cluster.ts'
import type { Disk } from './support/disk.ts'
import { ownerOf } from './support/keys.ts'
import type { TestNode } from './support/node.ts'
import { FAST } from './support/settings.ts'

const NODES = 3
const ENTITIES = 2

type Fault =
  | {
      readonly do: 'act'
      readonly kind: 'register' | 'update' | 'deregister'
      readonly who: number
      readonly at: number
    }
  | { readonly do: 'beat' | 'reconnect' | 'goodbye' | 'echo'; readonly who: number; readonly at: number }
  | { readonly do: 'pass' | 'live'; readonly seconds: number }
  | { readonly do: 'deliver' | 'lose'; readonly index: number }
  | { readonly do: 'replay'; readonly index: number; readonly at: number }
  | { readonly do: 'cut' | 'sync'; readonly at: number }
  | { readonly do: 'isolate' | 'stop' | 'wake' | 'copy' | 'restore'; readonly at: number }
  | { readonly do: 'restart'; readonly at: number; readonly lost: number }
  | { readonly do: 'heal' }

const at = fc.nat(NODES - 1)
const who = fc.nat(ENTITIES - 1)
const index = fc.nat(40)
const one = <T extends string>(...of: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...of)

const history = (withRestores: boolean): fc.Arbitrary<readonly Fault[]> => {
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: one('act'), kind: one('register', 'update', 'deregister'), who, at }) },
    { weight: 6, arbitrary: fc.record({ do: one('beat', 'beat', 'beat', 'reconnect', 'goodbye', 'echo'), who, at }) },
    { weight: 5, arbitrary: fc.record({ do: one('pass', 'live', 'live'), seconds: fc.integer({ min: 1, max: 14 }) }) },
    { weight: 6, arbitrary: fc.record({ do: one('deliver', 'deliver', 'lose'), index }) },
    { weight: 2, arbitrary: fc.record({ do: one('replay'), index, at }) },
    { weight: 3, arbitrary: fc.record({ do: one('cut', 'sync', 'sync'), at }) },
    { weight: 2, arbitrary: fc.record({ do: one('isolate', 'stop', 'wake', 'wake'), at }) },
    { weight: 1, arbitrary: fc.record({ do: one('restart'), at, lost: fc.nat(4) }) },
    { weight: withRestores ? 2 : 0, arbitrary: fc.record({ do: one('copy', 'restore'), at }) },
    { weight: 1, arbitrary: fc.constant({ do: 'heal' as const }) },
  )
  return fc.array(fault, { minLength: 10, maxLength: 50, size: 'max' })
}

/** A cluster with its entities, and what their owners were told. */
class World {
  readonly cluster = new Cluster({ count: NODES, settings: FAST, offsetsMs: [-800, 0, 800] })
  readonly clients = Array.from({ length: ENTITIES }, (_, i) => {
    const client = new Client({ cluster: this.cluster, node: this.cluster.at(0), owner: ownerOf(`world ${i}`) })
    client.offsetMs = i === 0 ? 900 : -900
    return client
  })
  /** The greatest stamp among the acts of each owner that were answered yes: it decides (M2). */
  readonly last = new Map<EntityId, { readonly stamp: Stamp; readonly alive: boolean }>()
  readonly #copies = new Map<TestNode, Disk>()
  /** The newest beat of each entity that any node would take: what a listener could play again. */
  readonly #overheard = new Map<EntityId, Beat>()

  constructor() {
    for (const [i, client] of this.clients.entries()) this.#act(client, this.cluster.at(i), 'register')
    this.cluster.syncAll()
    this.cluster.prompt = false
  }

  client(i: number): Client {
    const client = this.clients[i]
    if (client === undefined) throw new Error(`there is no entity ${i}`)
    return client
  }

  run(fault: Fault): void {
    const { cluster } = this
    const node = 'at' in fault ? cluster.at(fault.at) : cluster.at(0)
    const next = 'at' in fault ? cluster.at((fault.at + 1) % NODES) : cluster.at(1)
    switch (fault.do) {
      case 'act':
        if (cluster.isUp(node)) this.#act(this.client(fault.who), node, fault.kind)
        return
      case 'beat':
      case 'reconnect':
      case 'goodbye':
      case 'echo':
        if (cluster.isUp(node)) this.#beat(this.client(fault.who), node, fault.do)
        return
      case 'pass':
      case 'live':
        return this.pass(fault.seconds, fault.do === 'live')
      case 'deliver':
        return cluster.deliverOne(fault.index % Math.max(1, cluster.underway.length))
      case 'lose':
        return cluster.lose(fault.index % Math.max(1, cluster.underway.length))
      case 'replay': {
        const message = cluster.sent[fault.index % Math.max(1, cluster.sent.length)]
        if (message !== undefined) cluster.replay(message, node)
        return
      }
      case 'cut':
        return cluster.cut(node, next)
      case 'sync':
        cluster.sync(node, next)
        return
      case 'isolate':
        return cluster.isolate(node)
      case 'stop':
        return cluster.stop(node)
      case 'wake':
        return cluster.wake(node)
      case 'restart':
        node.restart(fault.lost)
        return cluster.wake(node)
      case 'copy':
        this.#copies.set(node, node.disk.copy())
        return
      case 'restore': {
        const copy = this.#copies.get(node)
        if (copy !== undefined) node.restore(copy)
        return
      }
      case 'heal':
        return cluster.heal()
    }
  }

  /** Ticks and status, and beats where the entities live: what else travels, the history says. */
  pass(seconds: number, live: boolean): void {
    for (let s = 0; s < seconds; s++) {
      this.cluster.jump(1_000)
      for (const node of this.cluster.up) node.tick()
      for (const client of live ? this.clients : []) if (this.cluster.isUp(client.node)) client.beat()
      if (s % 2 === 0) this.cluster.tellStatus()
      if (s % 4 === 0) this.cluster.maintain()
    }
  }

  /** Time of the owner, always later than what it said before. */
  #act(client: Client, node: TestNode, kind: 'register' | 'update' | 'deregister'): void {
    this.cluster.jump(1)
    const { owner, nowMs } = client
    const done =
      kind === 'register'
        ? node.act({ type: 'register', act: registration(owner, nowMs) })
        : kind === 'update'
          ? node.act({ type: 'update', id: owner.id, act: update(owner, nowMs, { fields: { summary: `${nowMs}` } }) })
          : node.act({ type: 'deregister', id: owner.id, act: deregistration(owner, nowMs) })
    if (!done.ok || kind === 'update') return
    const { stamp } = done.value
    const before = this.last.get(owner.id)
    if (before !== undefined && compareStamps(before.stamp, stamp) > 0) return
    this.last.set(owner.id, { stamp, alive: kind === 'register' })
  }

  #beat(client: Client, node: TestNode, how: 'beat' | 'reconnect' | 'goodbye' | 'echo'): void {
    const { id, owner, sessionId } = client
    const overheard = this.#overheard.get(id)
    if (how === 'echo') {
      // One beat at two nodes, by a retry or a replay.
      if (overheard !== undefined) node.beat(id, overheard, { sessionId: newSession() })
      return
    }
    this.cluster.jump(1)
    if (how === 'reconnect') client.connect(node)
    client.node = node
    if (how === 'goodbye') node.beat(id, goodbye(owner, node.id, client.nowMs), { sessionId })
    else if (how === 'beat') client.beat()
    else {
      const beat = zyndBeat(owner, client.nowMs)
      this.#overheard.set(id, beat)
      node.beat(id, beat, { sessionId: client.sessionId })
    }
  }

  /** The faults stop; `beating` entities beat every second at their node, the others are silent. */
  settle(beating: readonly boolean[], seconds: number, each: () => void): void {
    const { cluster } = this
    cluster.heal()
    for (const node of cluster.nodes) cluster.wake(node)
    cluster.prompt = true
    cluster.deliverAll()
    for (const client of this.clients) client.connect()
    for (let s = 0; s < seconds; s++) {
      cluster.jump(1_000)
      for (const node of cluster.nodes) node.tick()
      for (const [i, client] of this.clients.entries()) if (beating[i] === true) client.beat()
      cluster.tellStatus()
      if (s % 2 === 0) cluster.syncAll()
      if (s % 4 === 0) cluster.maintain()
      each()
    }
  }
}

/** Two thresholds of a silent entity on a dying node (L6), and the time of a sync. */
const SETTLE_S = 24

const settled = (world: World, beating: readonly boolean[]): void => {
  const { cluster, clients } = world
  world.settle(beating, SETTLE_S, () => undefined)
  world.settle(beating, 4, () => {
    assert.ok(cluster.converged(), 'digests are equal')
    for (const [i, { id }] of clients.entries()) {
      const shown = cluster.nodes.map((node) => node.shown(id))
      assert.equal(new Set(shown.map(alive)).size, 1, `${i} is shown as ${shown.join(', ')}`)
      if (alive(shown[0])) assert.deepEqual(shown, Array(NODES).fill(beating[i] === true ? 'active' : 'inactive'))
    }
  })
}

const alive = (shown: string | undefined): boolean => shown === 'active' || shown === 'inactive'

describe('three nodes after any history', () => {
  const beating = fc.array(fc.boolean(), { minLength: ENTITIES, maxLength: ENTITIES })

  test('M1, L7, L6, T3: agree on everything, on the last word of each owner, and show who beats', () => {
    fc.assert(
      fc.property(history(false), beating, (faults, who) => {
        const world = new World()
        for (const fault of faults) world.run(fault)
        settled(world, who)
        for (const { id } of world.clients) {
          const last = world.last.get(id)
          const entry = world.cluster.at(0).entry(id)
          assert.equal(
            entry?.kind === 'record',
            last?.alive === true,
            'no acknowledged act is lost, nothing comes back',
          )
          if (entry?.kind === 'record') assert.deepEqual(entry.record.birth, last?.stamp)
        }
      }),
      cases(40),
    )
  })

  test('T3, L3 (review-A3, review-A7): agree also where nodes were restored from old copies', () => {
    fc.assert(
      fc.property(history(true), beating, (faults, who) => {
        const world = new World()
        for (const fault of faults) world.run(fault)
        settled(world, who)
      }),
      cases(30),
    )
  })
})
