import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type EntityId, fail } from '@rollcall/protocol'
import { CountingMetrics, inlineVerifier, ManualClock } from '@rollcall/testkit'
import { limitKeyOf } from '../src/address.ts'
import { HourlyCount } from '../src/hourly-count.ts'
import { createGateway, GATEWAY_DEFAULTS, gatewaySettings } from '../src/index.ts'
import { Lookup } from '../src/lookup.ts'
import { TokenBuckets } from '../src/token-buckets.ts'
import { enrol, LinesLog, systemClock } from './support/harness.ts'
import { nodeSigner } from './support/keys.ts'
import { ScriptedRegistry } from './support/scripted-registry.ts'

describe('settings', () => {
  test('the defaults agree with one another', () => assert.deepEqual(gatewaySettings({}), GATEWAY_DEFAULTS))

  test('L11 an idle limit not above the threshold is refused by name, value and bound', () => {
    assert.throws(
      () => gatewaySettings({ idleLimitSeconds: 300 }),
      /idleLimitSeconds is 300.*inactiveThresholdSeconds \(300\)/,
    )
    const registry = new ScriptedRegistry()
    const rest = {
      clock: systemClock,
      random: { next: () => 0, bytes: () => new Uint8Array(1) },
      log: new LinesLog(),
      metrics: new CountingMetrics(),
      signer: nodeSigner,
      verifier: inlineVerifier,
    }
    const info = { name: 'a', version: '1', url: '' }
    assert.throws(
      () => createGateway({ registry, settings: { inactiveThresholdSeconds: 400 }, info, ...rest }),
      RangeError,
    )
  })

  test('numbers below zero, and limits that contradict, are refused', () => {
    assert.throws(() => gatewaySettings({ framesPerSecond: -1 }), /framesPerSecond is -1/)
    assert.throws(() => gatewaySettings({ searchTimeoutMs: Number.NaN }), /searchTimeoutMs/)
    assert.throws(() => gatewaySettings({ searchDefaultLimit: 200 }), /searchDefaultLimit is 200/)
  })
})

describe('token buckets', () => {
  test('a bucket holds a minute of tokens and refills steadily', () => {
    const clock = new ManualClock()
    const buckets = new TokenBuckets(clock, 6, () => assert.fail('nothing is evicted'))
    for (let i = 0; i < 6; i++) assert.equal(buckets.take('a'), 0)
    assert.equal(buckets.take('a'), 10)
    assert.equal(buckets.take('b'), 0)
    clock.advance(9_000)
    assert.equal(buckets.take('a'), 1)
    clock.advance(1_000)
    assert.equal(buckets.take('a'), 0)
    assert.equal(buckets.take('a'), 10)
  })

  test('0 is no limit, and the table of keys is bounded', () => {
    const clock = new ManualClock()
    const open = new TokenBuckets(clock, 0, () => {})
    for (let i = 0; i < 100; i++) assert.equal(open.take('a'), 0)
    let evicted = 0
    const buckets = new TokenBuckets(clock, 1, () => evicted++)
    for (let i = 0; i < 10_001; i++) buckets.take(`key ${i}`)
    assert.equal(evicted, 1)
    assert.equal(buckets.take('key 0'), 0)
    assert.ok(buckets.take('key 9000') > 0)
  })
})

test('an IPv6 host is limited as its /64', () => {
  assert.equal(limitKeyOf('203.0.113.9'), '203.0.113.9')
  assert.equal(limitKeyOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  assert.equal(limitKeyOf('2001:db8:1:2::9'), '2001:db8:1:2')
  assert.equal(limitKeyOf('2001:db8::9'), '2001:db8:0:0')
  assert.equal(limitKeyOf('::1'), '0:0:0:0')
})

test('an hourly count forgets what is older than an hour', () => {
  const clock = new ManualClock()
  const count = new HourlyCount(clock)
  for (let minute = 0; minute < 90; minute++) {
    count.add()
    clock.advance(60_000)
  }
  assert.equal(count.total(), 59)
  clock.advance(10 * 3_600_000)
  assert.equal(count.total(), 0)
})

describe('lookup (L7)', () => {
  const id = `zns:${'a'.repeat(32)}` as EntityId

  test('a peer is asked once in two seconds for an id that nobody knows', async () => {
    const clock = new ManualClock()
    const registry = new ScriptedRegistry()
    const lookup = new Lookup(registry, clock)
    for (let i = 0; i < 5; i++) assert.equal((await lookup.find(id, 'fresh')).ok, false)
    assert.equal(registry.located.length, 1)
    clock.advance(2_000)
    await lookup.find(id, 'fresh')
    assert.equal(registry.located.length, 2)
  })

  test('an entity that is registered here meanwhile is found at once; a failure to ask is not remembered', async () => {
    const registry = new ScriptedRegistry()
    const lookup = new Lookup(registry, new ManualClock())
    const known = enrol(registry, 1)
    const view = registry.entities.get(known)
    registry.entities.clear()
    assert.equal((await lookup.find(known, 'local')).ok, false)
    assert.ok(view !== undefined)
    registry.entities.set(known, view)
    assert.equal((await lookup.find(known, 'local')).ok, true)
    registry.onLocate = async () => fail('timeout', 'no peer answered')
    await lookup.find(id, 'local')
    await lookup.find(id, 'local')
    assert.equal(registry.located.filter((asked) => asked === id).length, 2)
  })
})
