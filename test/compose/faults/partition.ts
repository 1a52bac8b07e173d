/** A node cut off from the others while both sides take writes, and joined to them again. */

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Agent } from '../agent.ts'
import { NODES, type NodeName } from '../nodes.ts'
import { seconds } from '../seconds.ts'
import type { World } from '../world.ts'

const CUT_OFF = 'node-a'
const ROUND_MS = 3_000
/** From joined to equal, and no contradiction left. */
const PROMISE_MS = 10_000
/** How many of a side's agents are only changed by the other side; the rest are ended by it. */
const KEPT = 4

interface Side {
  readonly name: string
  readonly nodes: readonly NodeName[]
  /** Agents from before the cut that beat at this side, and that the other side writes about. */
  readonly agents: readonly Agent[]
}

export interface PartitionInit {
  readonly cutMs: number
  /** Whether the cut outlasts the threshold, so that each side may show the agents of the other inactive (L6). */
  readonly outlastsThreshold: boolean
}

/** Resolves with how much was written and how soon all were equal. */
export async function partition(world: World, init: PartitionInit): Promise<string> {
  const label = seconds(init.cutMs)
  await world.settled()
  const lone: Side = {
    name: `lone ${label}`,
    nodes: [CUT_OFF],
    agents: await world.crowd(`old lone ${label}`, 12, CUT_OFF),
  }
  const rest: Side = {
    name: `rest ${label}`,
    nodes: ['node-b', 'node-c'],
    agents: await world.crowd(`old rest ${label}`, 12, 'node-b'),
  }
  await world.settled()
  const sinceMs = Date.now()
  const rounds = await whileCut(world, [lone, rest], init.cutMs)
  const joinedMs = performance.now()
  const left = (): number => PROMISE_MS - (performance.now() - joinedMs)
  const equalMs = await world.equal(left())
  const [converged, truthful] = await Promise.all([world.converged(left()), world.truthful(left())])
  const fallen = (near: boolean): string[] =>
    [lone, rest].flatMap(({ name, nodes }) => {
      const ids = world.agents.filter((agent) => agent.name.includes(name)).map(({ id }) => id)
      return world.feeds.fallen(ids, { nodes: NODES.filter((node) => nodes.includes(node) === near), sinceMs })
    })
  assert.deepEqual(fallen(true), [], 'agents that beat were shown inactive on their own side')
  const far = fallen(false)
  if (init.outlastsThreshold) assert.notEqual(far.length, 0, 'no side has given up the other')
  else assert.deepEqual(far, [], 'agents that beat were shown inactive on the other side')
  const [equal, said, lacking] = [equalMs, equalMs + converged, equalMs + truthful].map(seconds)
  return `${rounds} rounds of writes; equal ${equal} after the join, told so by all after ${said}, nothing lacking after ${lacking}`
}

/** Cuts, writes on both sides for so long, and joins. Resolves with the rounds of writes. */
async function whileCut(world: World, [lone, rest]: readonly [Side, Side], cutMs: number): Promise<number> {
  await world.compose.disconnect(CUT_OFF)
  try {
    const endMs = performance.now() + cutMs
    let rounds = 0
    for (; performance.now() < endMs; rounds++) {
      const turnMs = Math.min(endMs, performance.now() + ROUND_MS)
      const [ofLone, ofRest] = await Promise.all([
        writeRound(world, { side: lone, other: rest, round: rounds }),
        writeRound(world, { side: rest, other: lone, round: rounds }),
      ])
      assert.equal(await ofLone.shownAt(world.compose.url('node-b')), 'entity_not_found', 'the cut lets through')
      assert.equal(await ofRest.shownAt(world.compose.url(CUT_OFF)), 'entity_not_found', 'the cut lets through')
      await delay(Math.max(0, turnMs - performance.now()))
    }
    return rounds
  } finally {
    await world.compose.connect(CUT_OFF)
  }
}

/** Writes once of each kind at one side. Resolves with the agent that it registered. */
async function writeRound(
  world: World,
  { side, other, round }: { readonly side: Side; readonly other: Side; readonly round: number },
): Promise<Agent> {
  const node = side.nodes[round % side.nodes.length] ?? CUT_OFF
  const url = world.compose.url(node)
  const fresh = await world.register(`${side.name} ${round}`, node)
  fresh.beat([url])
  await other.agents[round % KEPT]?.update(url, `Changed by the ${side.name} in round ${round}.`)
  const turn = KEPT + Math.floor(round / 3)
  // The other side ended the same one in the round before: a change by those who have not heard of it revives nothing.
  if (round % 3 === 1) await side.agents[turn]?.update(url, `Changed after its end, in round ${round}.`)
  if (round % 3 === 0) await other.agents[turn]?.end(url)
  if (round % 4 === 3) await fresh.end(url)
  return fresh
}
