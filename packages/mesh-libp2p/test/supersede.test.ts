import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type OpenConnection, superseded } from '../src/supersede.ts'

const inbound = (openedAtMs: number): OpenConnection => ({ direction: 'inbound', openedAtMs })
const outbound = (openedAtMs: number): OpenConnection => ({ direction: 'outbound', openedAtMs })

interface Case {
  readonly when: string
  readonly older: readonly OpenConnection[]
  readonly fresh: OpenConnection
  readonly selfIsSmaller: boolean
  readonly loses: readonly ('old' | 'fresh')[]
}

const CASES: readonly Case[] = [
  { when: 'it is the only one', older: [], fresh: inbound(0), selfIsSmaller: true, loses: [] },
  {
    when: 'the peer dials again, after a restart nobody noticed',
    older: [inbound(0)],
    fresh: inbound(1),
    selfIsSmaller: false,
    loses: ['old'],
  },
  {
    when: 'the peer dials, long after we had dialled it',
    older: [outbound(0)],
    fresh: inbound(60_000),
    selfIsSmaller: true,
    loses: ['old'],
  },
  {
    when: 'we dialled the peer twice: the peer judges',
    older: [outbound(0)],
    fresh: outbound(1),
    selfIsSmaller: true,
    loses: [],
  },
  {
    when: 'both dialled at once, our id is the smaller and ours came first',
    older: [outbound(0)],
    fresh: inbound(20),
    selfIsSmaller: true,
    loses: ['fresh'],
  },
  {
    when: 'both dialled at once, our id is the smaller and ours came second',
    older: [inbound(0)],
    fresh: outbound(20),
    selfIsSmaller: true,
    loses: ['old'],
  },
  {
    when: 'both dialled at once, our id is the larger and ours came first',
    older: [outbound(0)],
    fresh: inbound(20),
    selfIsSmaller: false,
    loses: ['old'],
  },
  {
    when: 'both dialled at once, our id is the larger and ours came second',
    older: [inbound(0)],
    fresh: outbound(20),
    selfIsSmaller: false,
    loses: ['fresh'],
  },
]

describe('a second connection to one peer', () => {
  for (const { when, older, fresh, selfIsSmaller, loses } of CASES) {
    it(`${loses.length === 0 ? 'stays' : `costs the ${loses}`} when ${when}`, () => {
      const losers = superseded(fresh, older, selfIsSmaller).map((loser) => (loser === fresh ? 'fresh' : 'old'))
      assert.deepEqual(losers, loses)
    })
  }

  it('leaves the same one to both sides, in whatever order each saw them open', () => {
    const dialledBySmaller = { smaller: outbound, larger: inbound }
    const dialledByLarger = { smaller: inbound, larger: outbound }
    for (const [first, second] of [
      [dialledBySmaller, dialledByLarger],
      [dialledByLarger, dialledBySmaller],
    ] as const) {
      for (const side of ['smaller', 'larger'] as const) {
        const old = first[side](0)
        const losers = superseded(second[side](5), [old], side === 'smaller')
        const loserIsOld = losers[0] === old
        assert.equal((loserIsOld ? first : second) === dialledByLarger, true, `at the ${side}`)
      }
    }
  })
})
