import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type NodeId, nodeIdOf } from '@rollcall/protocol'
import { CountingMetrics, ManualClock, SeededRandom } from '@rollcall/testkit'
import { parseAddress } from '../src/addresses.ts'
import { Dialer, type DialOutcome } from '../src/dialer.ts'
import { DEFAULT_LIMITS, type MeshLimits, TICK_MS } from '../src/settings.ts'
import { silentLog } from './support.ts'

const ids = Array.from({ length: 200 }, (_, i) => nodeIdOf(new SeededRandom(i).bytes(32))).sort()

/** Ids in ascending order of `n`. */
const idOf = (n: number): NodeId => ids[n] ?? assert.fail(`there is no id ${n}`)

const addressOf = (n: number): string => `/ip4/10.0.0.${n}/tcp/9001/ws`
const FAILED: DialOutcome = { kind: 'failed', reason: 'nobody there' }

/** A dialer in simulated time, whose dials end as `answer` says. */
class Bench {
  readonly clock = new ManualClock()
  readonly metrics = new CountingMetrics()
  readonly connected = new Set<NodeId>()
  readonly dials: {
    readonly atMs: number
    readonly addresses: readonly string[]
    readonly peer: NodeId | undefined
  }[] = []
  readonly dialer: Dialer
  answer: (peer: NodeId | undefined, addresses: readonly string[]) => DialOutcome = () => FAILED

  constructor(self: NodeId, join: readonly string[], limits: Partial<MeshLimits> = {}) {
    const parsed = join.map((text) => {
      const address = parseAddress(text)
      assert.ok(!('problem' in address))
      return address
    })
    const { clock, metrics } = this
    const random = new SeededRandom('dialer')
    this.dialer = new Dialer(
      {
        self,
        clock,
        metrics,
        random,
        log: silentLog,
        limits: { ...DEFAULT_LIMITS, ...limits },
        dial: async (addresses, peer) => {
          this.dials.push({ atMs: clock.monotonicMs(), addresses, peer })
          const outcome = this.answer(peer, addresses)
          if (outcome.kind === 'connected') this.connected.add(outcome.peer)
          return outcome
        },
      },
      parsed,
    )
  }

  /** Lets time pass, sweeping every `TICK_MS`. */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += TICK_MS) {
      this.dialer.tick(this.connected)
      await this.clock.advanceAsync(TICK_MS)
    }
  }

  gapsMs(): number[] {
    return this.dials.slice(1).map(({ atMs }, i) => atMs - (this.dials[i]?.atMs ?? 0))
  }
}

describe('the dial loop (G5)', () => {
  it('dials an address for ever: at once, soon again, and every few seconds, so that a cut that ends is noticed', async () => {
    const bench = new Bench(idOf(1), [addressOf(1)])
    await bench.pass(3_600_000)
    const gaps = bench.gapsMs()
    assert.equal(bench.dials[0]?.atMs, 0)
    assert.ok(
      gaps.slice(0, 4).every((gapMs) => gapMs >= 500 && gapMs <= 1_000 + TICK_MS),
      String(gaps.slice(0, 4)),
    )
    assert.ok(gaps.every((gapMs) => gapMs <= 5_000 + TICK_MS))
    const last = gaps.slice(-20)
    assert.ok(
      last.every((gapMs) => gapMs >= 2_500),
      String(last),
    )
    assert.ok(new Set(last).size > 5, 'jittered')
  })

  it('dials each of many that are away at most a minute apart, and few a second in all', async () => {
    const bench = new Bench(idOf(0), [])
    for (let n = 1; n < ids.length; n++) bench.dialer.learn(idOf(n), [addressOf(n)])
    await bench.pass(1_200_000)
    const late = bench.dials.filter(({ atMs }) => atMs >= 600_000)
    const perSecond = late.length / 600
    assert.ok(perSecond > 3 && perSecond < 6, `${perSecond} dials a second`)
    for (const peer of ids.slice(1)) {
      const times = late.filter((dial) => dial.peer === peer).map(({ atMs }) => atMs)
      assert.ok(times.every((atMs, i) => i === 0 || atMs - (times[i - 1] ?? 0) <= 60_000 + TICK_MS))
    }
  })

  it('does not dial while connected, and dials soon after the connection is lost', async () => {
    const bench = new Bench(idOf(1), [addressOf(2)])
    bench.answer = () => ({ kind: 'connected', peer: idOf(2) })
    await bench.pass(60_000)
    assert.equal(bench.dials.length, 1)
    bench.dialer.reached(idOf(2))
    bench.connected.clear()
    const lostAtMs = bench.clock.monotonicMs()
    await bench.pass(2_000)
    const againAfterMs = (bench.dials[1]?.atMs ?? Number.POSITIVE_INFINITY) - lostAtMs
    assert.ok(againAfterMs >= 500 && againAfterMs <= 1_000 + TICK_MS, `${againAfterMs} ms`)
  })

  it('waits longer and longer for a peer whose connections never come to broadcast', async () => {
    const bench = new Bench(idOf(1), [addressOf(2)])
    bench.answer = () => ({ kind: 'connected', peer: idOf(2) })
    for (let i = 0; i < 1_000; i++) {
      await bench.pass(2_000)
      bench.connected.clear()
    }
    assert.ok(
      bench
        .gapsMs()
        .slice(-10)
        .every((gapMs) => gapMs >= 30_000),
    )
  })

  it('leaves the dial to the smaller id for a second, then dials all the same', async () => {
    const smaller = new Bench(idOf(1), [`${addressOf(2)}/p2p/${idOf(2)}`])
    const larger = new Bench(idOf(3), [`${addressOf(2)}/p2p/${idOf(2)}`])
    await smaller.pass(400)
    await larger.pass(2_000)
    assert.equal(smaller.dials[0]?.atMs, 0)
    assert.ok((larger.dials[0]?.atMs ?? 0) >= 1_000)
    assert.equal(larger.dials[0]?.peer, idOf(2))
  })

  it('drops an address that is its own; a name it tries again, slowly', async () => {
    const bench = new Bench(idOf(1), [addressOf(1), '/dns4/nodes/tcp/9001/ws', `${addressOf(9)}/p2p/${idOf(1)}`])
    bench.answer = () => ({ kind: 'self' })
    await bench.pass(600_000)
    const byName = bench.dials.filter(({ addresses }) => addresses[0]?.startsWith('/dns4'))
    assert.equal(bench.dials.length - byName.length, 1)
    assert.ok(byName.length >= 10 && byName.length <= 21, `${byName.length} in ten minutes`)
    assert.equal(
      bench.dials.some(({ addresses }) => addresses[0] === addressOf(9)),
      false,
    )
  })

  it('drops what is known to be its own before it dials', async () => {
    const bench = new Bench(idOf(1), [addressOf(1), addressOf(2)])
    bench.dialer.dropOwn([addressOf(1)])
    await bench.pass(400)
    assert.deepEqual(
      bench.dials.map(({ addresses }) => addresses[0]),
      [addressOf(2)],
    )
  })

  it('knows who answered at an address, also where the dial was turned away for being the second', async () => {
    const bench = new Bench(idOf(1), [addressOf(2)])
    bench.connected.add(idOf(2))
    bench.answer = (_peer, [address]) => {
      bench.dialer.answered(address ?? '', idOf(2))
      return FAILED
    }
    await bench.pass(60_000)
    assert.equal(bench.dials.length, 1)
  })

  it('finds another peer at the address of one that is gone', async () => {
    const bench = new Bench(idOf(1), [addressOf(2)])
    bench.answer = () => ({ kind: 'connected', peer: idOf(2) })
    await bench.pass(400)
    bench.connected.clear()
    bench.answer = () => ({ kind: 'connected', peer: idOf(7) })
    await bench.pass(30_000)
    assert.equal(bench.dials.length, 2)
    assert.equal(bench.dials[1]?.peer, undefined)
  })

  it('dials learnt peers, keeps their newest addresses, and begins each time at another one', async () => {
    const bench = new Bench(idOf(1), [], { peerAddressesMax: 3 })
    bench.dialer.learn(idOf(2), [addressOf(1), addressOf(2)])
    bench.dialer.learn(idOf(2), [addressOf(3), addressOf(4), 'junk'])
    await bench.pass(2_500)
    assert.deepEqual(
      bench.dials.slice(0, 2).map(({ addresses }) => addresses),
      [
        [addressOf(3), addressOf(4), addressOf(1)],
        [addressOf(4), addressOf(1), addressOf(3)],
      ],
    )
  })

  it('keeps configured addresses whatever is learnt', async () => {
    const bench = new Bench(idOf(1), [`${addressOf(1)}/p2p/${idOf(2)}`], { peerAddressesMax: 2 })
    bench.dialer.learn(idOf(2), [2, 3, 4, 5].map(addressOf))
    await bench.pass(400)
    assert.deepEqual(bench.dials[0]?.addresses, [addressOf(1), addressOf(2), addressOf(3)])
  })

  it('does not learn itself, nor a peer without an address', async () => {
    const bench = new Bench(idOf(1), [])
    bench.dialer.learn(idOf(1), [addressOf(1)])
    bench.dialer.learn(idOf(2), ['junk'])
    await bench.pass(5_000)
    assert.equal(bench.dials.length, 0)
  })

  it('counts a learnt peer beyond the cap; one that failed long enough gives its place', async () => {
    const bench = new Bench(idOf(0), [], { learntPeersMax: 2 })
    for (const n of [1, 2, 3]) bench.dialer.learn(idOf(n), [addressOf(n)])
    assert.equal(bench.metrics.counted('dropped_total', { queue: 'mesh_peers', reason: 'full' }), 1)
    await bench.pass(1_800_000)
    bench.dialer.learn(idOf(3), [addressOf(3)])
    bench.dials.length = 0
    await bench.pass(120_000)
    const dialled = new Set(bench.dials.map(({ peer }) => peer))
    assert.equal(dialled.size, 2)
    assert.ok(dialled.has(idOf(3)))
  })

  it('dials at most sixteen at a time, and everybody in the end', async () => {
    const bench = new Bench(idOf(0), [])
    let underWay = 0
    let most = 0
    bench.answer = () => {
      most = Math.max(most, ++underWay)
      queueMicrotask(() => underWay--)
      return FAILED
    }
    for (let n = 1; n <= 100; n++) bench.dialer.learn(idOf(n), [addressOf(n)])
    await bench.pass(10_000)
    assert.equal(new Set(bench.dials.map(({ peer }) => peer)).size, 100)
    assert.ok(most <= 16, `${most} at a time`)
  })

  it('dials nobody once stopped', async () => {
    const bench = new Bench(idOf(1), [addressOf(2)])
    bench.dialer.stop()
    bench.dialer.learn(idOf(3), [addressOf(3)])
    await bench.pass(5_000)
    assert.equal(bench.dials.length, 0)
  })
})
