import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseNodeId } from '@rollcall/protocol'
import { bareAddressesOf, parseAddress } from '../src/addresses.ts'

const ID = '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB'
const OTHER_ID = '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq'

describe('an address to dial', () => {
  for (const [text, bare, byName] of [
    ['/dns4/node-a/tcp/9001/ws', '/dns4/node-a/tcp/9001/ws', true],
    [`/dns4/node-a/tcp/9001/ws/p2p/${ID}`, '/dns4/node-a/tcp/9001/ws', true],
    ['/ip4/127.0.0.1/tcp/9001/ws', '/ip4/127.0.0.1/tcp/9001/ws', false],
    [`/ip6/::1/tcp/9001/ws/p2p/${ID}`, '/ip6/::1/tcp/9001/ws', false],
    ['/dns4/registry.example.org/tcp/443/tls/ws', '/dns4/registry.example.org/tcp/443/tls/ws', true],
    ['/dns/registry.example.org/tcp/443/wss', '/dns/registry.example.org/tcp/443/wss', true],
  ] as const) {
    it(`may be ${text}`, () => {
      const peer = text.includes('/p2p/') ? parseNodeId(ID) : undefined
      assert.deepEqual(parseAddress(text), { bare, peer, byName })
    })
  }

  for (const text of [
    '',
    'node-a:9001',
    'ws://node-a:9001',
    '/ip4/999.0.0.1/tcp/9001/ws',
    '/ip4/127.0.0.1/tcp/9001',
    '/ip4/127.0.0.1/udp/9001/quic-v1',
    `/ip4/127.0.0.1/tcp/9001/ws/p2p/${ID}/p2p-circuit/p2p/${OTHER_ID}`,
    `/ip4/127.0.0.1/tcp/9001/ws/p2p/16Uiu2HAm8vN7gkMdVEpWZhKzn2GqSQAPmnqzZVLiEbqtjRh1SsCF`,
  ]) {
    it(`is not ${text || 'nothing'}`, () => {
      const address = parseAddress(text)
      assert.ok('problem' in address && address.problem.length > 10, JSON.stringify(address))
    })
  }

  it('of a peer must not name another peer, and repeats count once', () => {
    const peer = parseNodeId(ID)
    assert.ok(peer)
    const addresses = [
      '/ip4/10.0.0.1/tcp/1/ws',
      `/ip4/10.0.0.1/tcp/1/ws/p2p/${ID}`,
      `/ip4/10.0.0.2/tcp/1/ws/p2p/${OTHER_ID}`,
      'junk',
    ]
    assert.deepEqual(bareAddressesOf(peer, addresses), ['/ip4/10.0.0.1/tcp/1/ws'])
  })
})
