import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseNodeId } from '@rollcall/protocol'
import { RequestGate } from '../src/request-gate.ts'

const node = (text: string) => parseNodeId(text) ?? assert.fail(text)
const A = node('12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB')
const B = node('12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq')
const never = new AbortController().signal

describe('the gate for requests', () => {
  it('lets so many run, so many wait and turns the next away', async () => {
    const gate = new RequestGate({ runningMax: 2, runningPerPeerMax: 2, waitingMax: 1 })
    const [first, second] = await Promise.all([gate.enter(A, never), gate.enter(A, never)])
    const third = gate.enter(A, never)
    assert.equal(gate.waiting, 1)
    assert.equal(await gate.enter(A, never), undefined)
    first?.()
    first?.()
    const leaveThird = await third
    assert.equal(gate.waiting, 0)
    assert.equal(gate.isFree(A), false, 'giving a place back twice gives back one')
    second?.()
    leaveThird?.()
    assert.equal(gate.isFree(A), true)
  })

  it('passes a peer at its own limit over, and keeps the order otherwise', async () => {
    const gate = new RequestGate({ runningMax: 2, runningPerPeerMax: 1, waitingMax: 10 })
    const order: string[] = []
    const enter = async (name: string, peer: typeof A) => {
      const leave = await gate.enter(peer, never)
      order.push(name)
      return leave
    }
    const a1 = await enter('a1', A)
    const waiting = [enter('a2', A), enter('a3', A)]
    const b1 = await enter('b1', B)
    assert.deepEqual(order, ['a1', 'b1'])
    b1?.()
    assert.deepEqual(order, ['a1', 'b1'], 'the free place is not for the peer at its limit')
    a1?.()
    const a2 = await waiting[0]
    assert.deepEqual(order, ['a1', 'b1', 'a2'])
    a2?.()
    await waiting[1]
    assert.deepEqual(order, ['a1', 'b1', 'a2', 'a3'])
  })

  it('forgets a waiting request that is aborted', async () => {
    const gate = new RequestGate({ runningMax: 1, runningPerPeerMax: 1, waitingMax: 1 })
    const leave = await gate.enter(A, never)
    const abort = new AbortController()
    const waiting = gate.enter(A, abort.signal)
    abort.abort(new Error('no longer wanted'))
    await assert.rejects(waiting, /no longer wanted/)
    await assert.rejects(gate.enter(A, abort.signal), /no longer wanted/)
    assert.equal(gate.waiting, 0)
    leave?.()
    assert.equal(gate.isFree(A), true)
  })
})
