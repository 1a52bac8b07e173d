import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { METRICS } from '@rollcall/core'
import { BUCKETS, PinoLog, PromMetrics, reportEventLoopLag, SystemClock, SystemRandom } from '@rollcall/node'
import { ManualClock } from '@rollcall/testkit'

/** Keeps the lines that a log writes. */
const memory = () => {
  const lines: string[] = []
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  return { lines, destination }
}

describe('the log', () => {
  test('writes one JSON object a line, with the fields of its parents', () => {
    const { lines, destination } = memory()
    const log = PinoLog.create({ level: 'info', format: 'json', fields: { node: 'a' }, destination })
    log.child({ request_id: 'r1' }).info('hello', { count: 3 })
    const line: Record<string, unknown> = JSON.parse(lines[0] ?? '')
    assert.equal(line.msg, 'hello')
    assert.equal(line.level, 'info')
    assert.equal(line.node, 'a')
    assert.equal(line.request_id, 'r1')
    assert.equal(line.count, 3)
    assert.ok(Math.abs(Date.parse(String(line.time)) - Date.now()) < 60_000)
  })

  test('keeps stack and cause of an error', () => {
    const { lines, destination } = memory()
    const log = PinoLog.create({ level: 'info', format: 'json', destination })
    log.error('it broke', { error: new Error('outer', { cause: new Error('inner') }) })
    assert.match(lines[0] ?? '', /"stack":"Error: outer.*inner/)
  })

  test('leaves out what is less important than its level', () => {
    const { lines, destination } = memory()
    const log = PinoLog.create({ level: 'warn', format: 'json', destination })
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    assert.equal(lines.length, 2)
  })

  test('reads as a sentence where a person reads it', () => {
    const { lines, destination } = memory()
    PinoLog.create({ level: 'info', format: 'pretty', destination }).info('ready', { url: 'http://x' })
    assert.match(lines.join(''), /INFO.*: ready\n\s+url: "http:\/\/x"/)
  })
})

describe('the metrics', () => {
  test('has every metric of the register under its name, and help for each', async () => {
    const text = await new PromMetrics().text()
    for (const [name, { kind, help }] of Object.entries(METRICS)) {
      assert.ok(text.includes(`# HELP rollcall_${name} ${help}\n# TYPE rollcall_${name} ${kind}\n`), name)
    }
  })

  test('counts, sets and observes', async () => {
    const metrics = new PromMetrics()
    metrics.count('heartbeats_total', { outcome: 'accepted' })
    metrics.count('heartbeats_total', { outcome: 'accepted' }, 2)
    metrics.gauge('entities', 7, { status: 'active' })
    metrics.observe('search_seconds', 0.003)
    metrics.count('sync_repairs_total')
    const text = await metrics.text()
    assert.match(text, /^rollcall_heartbeats_total\{outcome="accepted"\} 3$/m)
    assert.match(text, /^rollcall_entities\{status="active"\} 7$/m)
    assert.match(text, /^rollcall_search_seconds_bucket\{le="0\.005"\} 1$/m)
    assert.match(text, /^rollcall_search_seconds_bucket\{le="0\.002"\} 0$/m)
    assert.match(text, /^rollcall_sync_repairs_total 1$/m)
    assert.match(metrics.contentType, /text\/plain/)
  })

  test('two of them are apart', async () => {
    const one = new PromMetrics()
    const other = new PromMetrics()
    one.gauge('graves', 1)
    assert.match(await other.text(), /^rollcall_graves 0$/m)
  })

  test('buckets ascend', () => {
    for (const [name, bounds] of Object.entries(BUCKETS)) {
      assert.deepEqual(
        [...bounds].sort((a, b) => a - b),
        bounds,
        name,
      )
    }
  })

  test('the lag of the event loop is set every five seconds, until ended', async () => {
    const clock = new ManualClock()
    const metrics = new PromMetrics()
    const end = reportEventLoopLag({ clock, metrics })
    assert.doesNotMatch(await metrics.text(), /^rollcall_event_loop_lag_seconds\{/m)
    clock.advance(5_000)
    assert.match(await metrics.text(), /^rollcall_event_loop_lag_seconds\{quantile="0\.99"\} \d/m)
    assert.equal(clock.pending, 1)
    end()
    assert.equal(clock.pending, 0)
  })
})

describe('the clock and chance of the system', () => {
  const clock = new SystemClock()

  test('a timer runs once, and not before its time', async () => {
    for (const delayMs of [0, 1, 2.5, 7]) {
      const startMs = clock.monotonicMs()
      await new Promise<void>((done) => clock.schedule(delayMs, done))
      assert.ok(clock.monotonicMs() - startMs >= delayMs)
    }
  })

  test('a cancelled timer does not run', async () => {
    const ran: string[] = []
    const cancel = clock.schedule(1, () => ran.push('cancelled'))
    cancel()
    await new Promise<void>((done) => clock.schedule(5, done))
    assert.deepEqual(ran, [])
  })

  test('a timer longer than 24.8 days waits, and a negative one is refused', async () => {
    const ran: string[] = []
    const cancel = clock.schedule(2 ** 31 + 5, () => ran.push('too early'))
    await new Promise<void>((done) => clock.schedule(5, done))
    cancel()
    assert.deepEqual(ran, [])
    assert.throws(() => clock.schedule(-1, () => undefined), RangeError)
  })

  test('wall time is that of the system', () => {
    assert.ok(Math.abs(clock.wallMs() - Date.now()) < 1_000)
  })

  test('chance gives numbers below one and bytes that differ', () => {
    const random = new SystemRandom()
    for (let draw = 0; draw < 100; draw++) assert.ok(random.next() >= 0 && random.next() < 1)
    assert.equal(random.bytes(32).length, 32)
    assert.notDeepEqual(random.bytes(32), random.bytes(32))
  })
})
