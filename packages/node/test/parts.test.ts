import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { PinoLog, PromMetrics, startMetricsServer } from '@rollcall/node'
import { ClosingStack } from '../src/closing-stack.ts'
import { publicUrl, withPort } from '../src/own-address.ts'

const lines: string[] = []
const log = PinoLog.create({ level: 'debug', format: 'json', destination: { write: (line) => lines.push(line) } })

describe('the closing stack', () => {
  test('closes in the reverse order of opening, one after the other, and only once', async () => {
    const closed: string[] = []
    const stack = new ClosingStack(log)
    stack.push('first', () => void closed.push('first'))
    stack.push('second', async () => {
      await Promise.resolve()
      closed.push('second')
    })
    assert.equal(await stack.closeAll(), true)
    assert.deepEqual(closed, ['second', 'first'])
    assert.equal(await stack.closeAll(), true)
    assert.equal(closed.length, 2)
  })

  test('one that fails is told and does not keep the others open', async () => {
    const closed: string[] = []
    const stack = new ClosingStack(log)
    stack.push('first', () => void closed.push('first'))
    stack.push('broken', () => Promise.reject(new Error('stuck')))
    assert.equal(await stack.closeAll(), false)
    assert.deepEqual(closed, ['first'])
    assert.match(lines.join(''), /broken failed to close/)
  })
})

describe('the address of a node', () => {
  test('is the public URL where there is one', () => {
    assert.equal(publicUrl('https://a.example/r/', { host: '0.0.0.0', port: 80 }), 'https://a.example/r')
  })

  test('else the address listened on, with the name of the host for all of them', () => {
    assert.equal(publicUrl('', { host: '127.0.0.1', port: 8081 }), 'http://127.0.0.1:8081')
    assert.equal(publicUrl('', { host: '::1', port: 8081 }), 'http://[::1]:8081')
    assert.equal(publicUrl('', { host: '0.0.0.0', port: 8081 }), `http://${hostname()}:8081`)
  })

  test('port 0 becomes a free one', async () => {
    const at = await withPort({ host: '127.0.0.1', port: 0 })
    assert.ok(at.port > 0)
    assert.deepEqual(await withPort({ host: 'a', port: 7 }), { host: 'a', port: 7 })
  })
})

describe('metrics on an address of their own', () => {
  test('are served there, and nothing else is', async () => {
    const metrics = new PromMetrics()
    metrics.gauge('graves', 3)
    const { contentType } = metrics
    const at = { host: '127.0.0.1', port: 0 }
    const server = await startMetricsServer({ ...at, contentType, text: () => metrics.text(), log })
    try {
      const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`)
      assert.equal(answer.headers.get('content-type'), contentType)
      assert.match(await answer.text(), /^rollcall_graves 3$/m)
      assert.equal((await fetch(`http://127.0.0.1:${server.port}/v1/search`)).status, 404)
      const busy = { host: '127.0.0.1', port: server.port, contentType, log, text: () => metrics.text() }
      await assert.rejects(startMetricsServer(busy), /EADDRINUSE/)
    } finally {
      await server.stop()
    }
    await assert.rejects(fetch(`http://127.0.0.1:${server.port}/metrics`))
  })
})
