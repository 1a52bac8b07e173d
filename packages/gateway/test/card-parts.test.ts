import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { describe, test } from 'node:test'
import { canonicalJson, entityIdOf, type Json } from '@rollcall/protocol'
import fc from 'fast-check'
import { isPublicAddress } from '../src/cards/addresses.ts'
import { CardCache } from '../src/cards/card-cache.ts'
import { cardUrls } from '../src/cards/card-urls.ts'
import { fetchText } from '../src/cards/fetch-text.ts'
import { canonicalText } from '../src/cards/raw-json.ts'
import { Slots } from '../src/cards/slots.ts'
import { startAgent } from './support/agent.ts'
import { within } from './support/within.ts'

describe('canonical text (zynd-wire §2)', () => {
  test('equals the canonical form of the value where JavaScript wrote the text', () => {
    const object = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 4 }))
    fc.assert(
      fc.property(object, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        assert.equal(canonicalText(text, []), canonicalJson(JSON.parse(text) as Json))
      }),
    )
  })

  test('keeps numbers as they stood, sorts keys, and leaves out what is asked for at the top only', () => {
    const text = '{"b":1.0,"a":[1e-07,{"z":-0,"signature":2E+3}],"signature":"x","\\u0063":true}'
    assert.equal(canonicalText(text, ['signature']), '{"a":[1e-07,{"signature":2E+3,"z":-0}],"b":1.0,"c":true}')
  })

  test('there is none of what can be read in two ways', () => {
    for (const text of ['[1]', '{', '{"a":1,"a":1}', '{"a":{"b":1,"\\u0062":2}}', '{"a":"\\ud800"}', '']) {
      assert.equal(canonicalText(text, []), undefined, text)
    }
  })
})

test('the cards of the vectors: their canonical text is what was signed (zynd-S13)', () => {
  const vectors = new URL('../../protocol/vectors/signatures.json', import.meta.url)
  const cards: { input: string; message: string }[] = JSON.parse(readFileSync(vectors, 'utf8')).zynd.card_S13
  assert.ok(cards.length >= 3)
  for (const { input, message } of cards) {
    const head = JSON.parse(input).signatures[0].protected
    const canonical = canonicalText(input, ['signatures', 'signature'])
    assert.equal(Buffer.from(`${head}.${canonical}`).toString('hex'), message)
  }
})

test('which addresses are public', () => {
  const publics = ['1.1.1.1', '172.15.0.1', '172.32.0.1', '192.167.1.1', '100.128.0.1', '2606:4700::1111', '2a00::1']
  const others = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.9.9',
  ]
  others.push(
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:1.1.1.1',
  )
  others.push(
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'a.b',
    '',
  )
  for (const address of publics) assert.equal(isPublicAddress(address), true, address)
  for (const address of others) assert.equal(isPublicAddress(address), false, address)
})

test('where a card may lie (zynd-wire §8)', () => {
  const of = (url: string) => cardUrls(url).map(({ href }) => href)
  assert.deepEqual(of('https://a.example/card.json'), ['https://a.example/card.json'])
  assert.deepEqual(of('https://a.example/.well-known/x?y=1#z'), ['https://a.example/.well-known/x?y=1'])
  assert.deepEqual(of('http://a.example/base/?q=1'), [
    'http://a.example/base/.well-known/agent-card.json',
    'http://a.example/base/.well-known/zynd-agent.json',
    'http://a.example/base/.well-known/agent.json',
  ])
  assert.deepEqual(of(''), [])
})

describe('a fetch', () => {
  const limitsOf = (mayReach: (address: string) => boolean, names: Readonly<Record<string, string>> = {}) => ({
    bytesMax: 1_000,
    mayReach,
    resolve: async (name: string) => [{ address: names[name] ?? '192.0.2.1', family: 4 }],
    signal: new AbortController().signal,
  })

  test('goes to the address that was judged, under the name that was asked for', async (t) => {
    const agent = await startAgent(t)
    agent.serve((request, response) => response.end(request.headers.host))
    const url = new URL(`http://agent.example:${agent.port}/`)
    const limits = limitsOf((address) => address === '127.0.0.1', { 'agent.example': '127.0.0.1' })
    const found = await fetchText(url, limits)
    assert.deepEqual(found, { ok: true, value: `agent.example:${agent.port}` })
    const refused = await fetchText(
      url,
      limitsOf(() => false, { 'agent.example': '127.0.0.1' }),
    )
    assert.ok(!refused.ok && refused.details?.reason === 'private_address')
    assert.equal(agent.asked.length, 1)
  })

  test('ends with its signal even where the answer is a change of protocol', async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const timeout = new AbortController()
    server.once('connection', (socket) => socket.once('close', () => timeout.abort()))
    const { port } = server.address() as AddressInfo
    const limits = { ...limitsOf(() => true), signal: timeout.signal }
    const found = await within('the end of the fetch', fetchText(new URL(`http://127.0.0.1:${port}/`), limits))
    assert.ok(!found.ok && found.details?.reason === 'timeout')
  })

  test('judges every redirect, and follows three', async (t) => {
    const agent = await startAgent(t)
    const limits = limitsOf((address) => address === '127.0.0.1')
    const redirectTo = (location: string): void =>
      agent.serve((_request, response) => response.writeHead(302, { location }).end())
    redirectTo(`http://127.0.0.2:${agent.port}/`)
    const elsewhere = await fetchText(new URL(agent.url), limits)
    assert.ok(!elsewhere.ok && elsewhere.details?.reason === 'private_address')
    redirectTo('file:///etc/passwd')
    const file = await fetchText(new URL(agent.url), limits)
    assert.ok(!file.ok && file.details?.reason === 'address')
    redirectTo('/again')
    agent.asked.length = 0
    const round = await fetchText(new URL(agent.url), limits)
    assert.ok(!round.ok && round.details?.reason === 'redirect')
    assert.equal(agent.asked.length, 4)
    agent.serve((request, response) => {
      if (request.url === '/card') response.end('here')
      else response.writeHead(307, { location: '/card' }).end()
    })
    assert.deepEqual(await fetchText(new URL(agent.url), limits), { ok: true, value: 'here' })
  })
})

test('only so many run at once, only so many wait, and the others are told at once', async () => {
  const slots = new Slots(1, 1)
  const order: string[] = []
  let finish = (): void => {}
  const first = slots.run(async () => {
    order.push('first')
    await new Promise<void>((resolve) => {
      finish = resolve
    })
  })
  const second = slots.run(async () => order.push('second'))
  assert.equal(
    slots.run(async () => order.push('third')),
    undefined,
  )
  assert.deepEqual(order, ['first'])
  finish()
  await Promise.all([first, second])
  assert.deepEqual(order, ['first', 'second'])
  await assert.rejects(slots.run(() => Promise.reject(new Error('no'))) ?? Promise.resolve(), /no/)
  assert.equal(await slots.run(async () => 4), 4)
})

test('the cache of cards is bounded in bytes, and forgets the one not asked for for longest', () => {
  const cache = new CardCache(7_000)
  const card = { text: 'x'.repeat(1_000), signature: 'unsigned', entityUrl: '', fetchedMs: 0 } as const
  const ids = [1, 2, 3].map((seed) => entityIdOf('agent', new Uint8Array(32).fill(seed)))
  const [a, b, c] = ids
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  cache.set(a, card)
  cache.set(b, card)
  assert.ok(cache.get(a))
  cache.set(c, card)
  assert.deepEqual([cache.size, cache.get(b)], [2, undefined])
  assert.ok(cache.get(a) && cache.get(c))
})
