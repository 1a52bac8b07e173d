import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HybridClock, SteadyClock } from '@rollcall/core'
import { COUNTER_MAX, compareStamps, type Stamp } from '@rollcall/protocol'
import fc from 'fast-check'
import { Cluster } from './support/cluster.ts'
import { nodeKeys } from './support/keys.ts'
import type { TestNode } from './support/node.ts'
import { SETTINGS } from './support/settings.ts'

const nodes = nodeKeys(3).map(({ id }) => id)
const [self, other] = nodes
assert.ok(self && other)

const HOUR_MS = 3_600_000
const TOLERANCE_MS = 60_000

describe('the steady clock', () => {
  const started = (): SteadyClock => new SteadyClock({ wallMs: 1_000_000_000, monotonicMs: 500, floorMs: 0 })

  test('L4: is the wall clock at start, carried on by the monotonic one', () => {
    const clock = started()
    assert.equal(clock.at(500), 1_000_000_000)
    assert.equal(clock.at(700), 1_000_000_200)
  })

  test('L4: starts no lower than the greatest time in the store', () => {
    const clock = new SteadyClock({ wallMs: 1_000, monotonicMs: 0, floorMs: 5_000 })
    assert.equal(clock.at(0), 5_000)
  })

  // deviation: the system clock minus this one. Offsets: the clocks of the nodes heard, minus this one.
  const table: readonly { title: string; deviationMs: number; peerOffsetsMs: number[]; followed: boolean }[] = [
    {
      title: 'a step within a quarter of the tolerance is no step',
      deviationMs: TOLERANCE_MS / 4,
      peerOffsetsMs: [TOLERANCE_MS / 4],
      followed: false,
    },
    {
      title: 'a step beyond that is followed where the peers are nearer to the new time',
      deviationMs: TOLERANCE_MS / 4 + 1,
      peerOffsetsMs: [TOLERANCE_MS / 4, TOLERANCE_MS / 2, -10],
      followed: true,
    },
    {
      title: 'and not where they are nearer to the old',
      deviationMs: TOLERANCE_MS / 4 + 1,
      peerOffsetsMs: [7_000, -TOLERANCE_MS / 4],
      followed: false,
    },
    { title: 'a node alone follows no step', deviationMs: HOUR_MS, peerOffsetsMs: [], followed: false },
    { title: 'one peer that stayed is enough to stay', deviationMs: HOUR_MS, peerOffsetsMs: [0], followed: false },
    {
      title: 'one peer that agrees with the new time is enough to follow',
      deviationMs: HOUR_MS,
      peerOffsetsMs: [HOUR_MS],
      followed: true,
    },
    { title: 'a tie stays', deviationMs: HOUR_MS, peerOffsetsMs: [0, HOUR_MS], followed: false },
    {
      title: 'two of three for the new time',
      deviationMs: -HOUR_MS,
      peerOffsetsMs: [-HOUR_MS + 900, 40, -HOUR_MS - 900],
      followed: true,
    },
    {
      title: 'two of three for the old time',
      deviationMs: -HOUR_MS,
      peerOffsetsMs: [-HOUR_MS, 40, -300],
      followed: false,
    },
    {
      title: 'who is just as far from both counts for the old',
      deviationMs: HOUR_MS,
      peerOffsetsMs: [HOUR_MS / 2],
      followed: false,
    },
    {
      title: 'who is nearer to the new time, and further from it than the skew, does not agree with it',
      deviationMs: -HOUR_MS,
      peerOffsetsMs: [-HOUR_MS + TOLERANCE_MS + 1],
      followed: false,
    },
    {
      title: 'a peer off in the other direction counts for the old',
      deviationMs: HOUR_MS,
      peerOffsetsMs: [-HOUR_MS],
      followed: false,
    },
  ]
  for (const { title, deviationMs, peerOffsetsMs, followed } of table) {
    test(`L4: ${title}`, () => {
      const clock = started()
      const monotonicMs = 10_000
      const before = clock.at(monotonicMs)
      const reading = { wallMs: before + deviationMs, monotonicMs, peerOffsetsMs, toleranceMs: TOLERANCE_MS }
      const verdict = clock.consider(reading)
      assert.deepEqual(verdict, { followed, deviationMs: followed ? 0 : deviationMs })
      assert.equal(clock.at(monotonicMs), followed ? before + deviationMs : before)
    })
  }

  test('L4: what is not followed is reported until the system clock is back', () => {
    const clock = started()
    const consider = (wallMs: number, monotonicMs: number): number =>
      clock.consider({ wallMs, monotonicMs, peerOffsetsMs: [0], toleranceMs: TOLERANCE_MS }).deviationMs
    assert.equal(consider(clock.at(600) + HOUR_MS, 600), HOUR_MS)
    assert.equal(consider(clock.at(900) + HOUR_MS, 900), HOUR_MS)
    assert.equal(consider(clock.at(950), 950), 0)
  })
})

describe('a node that was not there for ten minutes', () => {
  /** Meanwhile its system clock was set back by as much, and what its peer said at the beginning waits for it. */
  const resumed = (): { readonly cluster: Cluster; readonly node: TestNode } => {
    const cluster = new Cluster({ count: 2, settings: SETTINGS })
    const [node, peer] = [cluster.at(0), cluster.at(1)]
    node.tick()
    const waiting = peer.status()
    node.offsetMs = -HOUR_MS / 6
    cluster.jump(HOUR_MS / 6)
    node.step({ type: 'status', origin: peer.id, status: waiting })
    return { cluster, node }
  }
  const isRight = ({ cluster, node }: ReturnType<typeof resumed>): boolean =>
    Math.abs(node.nodeMs - cluster.time.wallMs) < TOLERANCE_MS

  test('L4: takes what clocks read before it for no agreement with a system clock that was set back meanwhile', () => {
    const { cluster, node } = resumed()
    node.tick()
    assert.ok(isRight({ cluster, node }))
    for (let i = 0; i < 100; i++) {
      cluster.jump(SETTINGS.tickMs)
      node.tick()
    }
    assert.ok(isRight({ cluster, node }), 'nor later, while nothing else is heard')
  })

  test('L4: follows its system clock once its peers say so afresh', () => {
    const { cluster, node } = resumed()
    const peer = cluster.at(1)
    peer.offsetMs = -HOUR_MS / 6
    peer.restart()
    cluster.pass(2 * SETTINGS.suspectMs)
    assert.ok(Math.abs(node.nodeMs - node.wallMs) < TOLERANCE_MS)
  })
})

test('L4: a node that started at a stored time, less than the skew behind, comes up with its peers', () => {
  const cluster = new Cluster({ count: 2, settings: SETTINGS })
  const node = cluster.at(0)
  node.step({ type: 'flush' })
  cluster.jump(TOLERANCE_MS - 1_000)
  node.offsetMs = -HOUR_MS
  node.restart()
  node.offsetMs = 0
  assert.ok(cluster.time.wallMs - node.nodeMs > TOLERANCE_MS / 2)
  cluster.pass(SETTINGS.suspectMs)
  assert.equal(node.nodeMs, cluster.time.wallMs)
})

describe('the hybrid clock', () => {
  const near = fc.record({
    wallMs: fc.integer({ min: 990, max: 1_010 }),
    counter: fc.nat(3),
    node: fc.constantFrom(...nodes),
  })
  const reading = fc.oneof(
    fc.record({ nowMs: fc.double({ min: 990, max: 1_010, noNaN: true }) }),
    fc.record({ observed: near }),
    fc.record({ observed: near.map((stamp) => ({ ...stamp, counter: COUNTER_MAX })) }),
  )

  test('M4: every stamp is greater than all issued and observed before, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 40 }), (readings) => {
        const clock = new HybridClock(self)
        const seen: Stamp[] = []
        for (const one of readings) {
          if ('observed' in one) {
            clock.observe(one.observed)
            seen.push(one.observed)
            continue
          }
          const stamp = clock.issue(one.nowMs)
          assert.ok(Number.isInteger(stamp.wallMs) && stamp.counter <= COUNTER_MAX)
          for (const earlier of seen) assert.ok(compareStamps(stamp, earlier) > 0)
          seen.push(stamp)
          assert.ok(clock.wallMs >= stamp.wallMs)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('M4: a stamp is the time of the clock wherever that is ahead of all others', () => {
    const clock = new HybridClock(self)
    clock.observe({ wallMs: 500, counter: 7, node: other })
    assert.deepEqual(clock.issue(400), { wallMs: 500, counter: 8, node: self })
    assert.deepEqual(clock.issue(501.9), { wallMs: 501, counter: 0, node: self })
  })

  test('M4: a full counter adds a millisecond', () => {
    const clock = new HybridClock(self, { wallMs: 500, counter: COUNTER_MAX })
    assert.deepEqual(clock.issue(0), { wallMs: 501, counter: 0, node: self })
  })

  test('M4: no stamp at or below the floor is issued, and older stamps do not move the clock', () => {
    const clock = new HybridClock(self, { wallMs: 500, counter: COUNTER_MAX })
    clock.observe({ wallMs: 499, counter: COUNTER_MAX, node: other })
    clock.observe({ wallMs: 500, counter: 3, node: other })
    assert.ok(compareStamps(clock.issue(10), { wallMs: 500, counter: COUNTER_MAX, node: other }) > 0)
  })
})
