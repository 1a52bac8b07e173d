/** Carries the faults of a plan out, kind by kind, each from a stream of chance of its own; and ends them all. */
import type { MemoryDisk, SeededRandom } from '@rollcall/testkit'
import { ByzantinePeer } from './byzantine/byzantine-peer.ts'
import { between, pick, shuffled, waitMs } from './chance.ts'
import { EPISODES, type Episode, type EpisodeKind } from './faults.ts'
import type { SimNode } from './node/sim-node.ts'
import type { World } from './world.ts'

/** Ends what an episode began. */
type End = () => void

const HOUR = 3_600_000
const BACKUPS_MAX = 4

export class Storm {
  readonly #world: World
  readonly #ends = new Set<End>()
  readonly #backups = new Map<SimNode, MemoryDisk[]>()
  readonly liars: readonly ByzantinePeer[]
  #isOver = false

  constructor(world: World) {
    this.#world = world
    const { byzantinePeers, lies } = world.plan.faults
    this.liars = Array.from({ length: byzantinePeers }, (_, i) => new ByzantinePeer(world, i, lies))
  }

  begin(): void {
    const { faults } = this.#world.plan
    this.#world.network.weather = faults
    this.#spreadClocks()
    for (const liar of this.liars) liar.begin()
    for (const kind of EPISODES) {
      const episode = faults[kind]
      if (episode.everyMs > 0) this.#next(kind, episode, this.#world.random.split(`storm ${kind}`))
    }
    if (faults.restore.everyMs > 0) this.#backUp(this.#world.random.split('backups'))
  }

  /** Ends every fault: links are free, nodes up, clocks right. */
  end(): void {
    const world = this.#world
    this.#isOver = true
    world.network.weather = undefined
    for (const end of [...this.#ends]) end()
    for (const liar of this.liars) liar.end()
    world.network.blockTopics(false)
    world.paths.heal()
    for (const node of world.nodes) if (node.isDown) node.start()
  }

  #next(kind: EpisodeKind, episode: Episode, random: SeededRandom): void {
    this.#world.after(waitMs(random, episode.everyMs), () => {
      if (this.#isOver) return
      this.#begin(kind, episode, random)
      this.#next(kind, episode, random)
    })
  }

  #begin(kind: EpisodeKind, episode: Episode, random: SeededRandom): void {
    const lastsMs = waitMs(random, episode.lastsMs)
    const begun = EPISODE[kind]({ world: this.#world, random, lastsMs, backups: this.#backups })
    if (begun === undefined) return
    this.#world.tally.fault(kind)
    this.#world.trace.line('fault', '', `+ ${kind} ${begun.what} for ${Math.round(begun.lastsMs ?? lastsMs)} ms`)
    const end = (): void => {
      if (!this.#ends.delete(end)) return
      this.#world.trace.line('fault', '', `- ${kind} ${begun.what}`)
      begun.end()
    }
    this.#ends.add(end)
    this.#world.after(begun.lastsMs ?? lastsMs, end)
  }

  #spreadClocks(): void {
    const random = this.#world.random.split('clocks')
    const { nodeSkewMs } = this.#world.plan.faults
    for (const node of this.#world.nodes) node.machine.stepWall(between(random, -nodeSkewMs, nodeSkewMs))
  }

  #backUp(random: SeededRandom): void {
    const node = pick(random, this.#world.nodes)
    const copies = this.#backups.get(node) ?? []
    this.#backups.set(node, [...copies, node.backup()].slice(-BACKUPS_MAX))
    const meanMs = this.#world.plan.faults.restore.everyMs / 4
    this.#world.after(waitMs(random, meanMs), () => {
      if (!this.#isOver) this.#backUp(random)
    })
  }
}

interface Scene {
  readonly world: World
  readonly random: SeededRandom
  readonly lastsMs: number
  readonly backups: ReadonlyMap<SimNode, readonly MemoryDisk[]>
}

/** What began, and how it ends; `lastsMs` where it is not what was drawn. */
interface Begun {
  readonly what: string
  readonly lastsMs?: number
  readonly end: End
}

const upNodes = (world: World): SimNode[] => world.nodes.filter((node) => node.isUp)

/** Cuts links, and mends them at the end. */
const cutting = (world: World, pairs: readonly (readonly [SimNode, SimNode])[], what: string): Begun => {
  for (const [a, b] of pairs) world.paths.cut(a, b)
  return {
    what,
    end: () => {
      for (const [a, b] of pairs) world.paths.mend(a, b)
    },
  }
}

const pairsBetween = (some: readonly SimNode[], others: readonly SimNode[]): (readonly [SimNode, SimNode])[] =>
  some.flatMap((a) => others.map((b) => [a, b] as const))

const names = (nodes: readonly SimNode[]): string => nodes.map((node) => node.name).join('+')

/** Kills a process and starts it again at the end, after something was done to its disk. */
const killing = ({ random }: Scene, node: SimNode, meanwhile: () => void = () => undefined): Begun => {
  const lost = Math.floor((node.disk.unsyncedBatches + 1) * random.next())
  node.crash(lost)
  meanwhile()
  return {
    what: `${node.name} (lost ${lost})`,
    end: () => {
      if (node.isDown) node.start()
    },
  }
}

/** Begins an episode of each kind; undefined where it cannot begin now. */
const EPISODE: Record<EpisodeKind, (scene: Scene) => Begun | undefined> = {
  halves: ({ world, random }) => {
    const order = shuffled(random, world.nodes)
    const size = 1 + Math.floor(random.next() * (order.length - 1))
    const [some, others] = [order.slice(0, size), order.slice(size)]
    return cutting(world, pairsBetween(some, others), `${names(some)} | ${names(others)}`)
  },
  isolate: ({ world, random }) => {
    const node = pick(random, world.nodes)
    const others = world.nodes.filter((other) => other !== node)
    return cutting(world, pairsBetween([node], others), node.name)
  },
  bridge: ({ world, random }) => {
    const [a, b] = shuffled(random, world.nodes)
    return a === undefined || b === undefined ? undefined : cutting(world, [[a, b]], `${a.name} / ${b.name}`)
  },
  oneWay: ({ world, random }) => {
    const [from, to] = shuffled(random, world.nodes)
    if (from === undefined || to === undefined) return undefined
    world.paths.block(from, to)
    return { what: `${from.name} > ${to.name}`, end: () => world.paths.unblock(from, to) }
  },
  swizzle: ({ world, random, lastsMs }) => {
    const nodes = shuffled(random, world.nodes).slice(1)
    const ends: End[] = []
    let isOver = false
    const cutOff = (node: SimNode): void => {
      const others = world.nodes.filter((other) => other !== node)
      if (!isOver) ends.push(cutting(world, pairsBetween([node], others), node.name).end)
    }
    const mendOne = (): void => ends.splice(random.below(Math.max(1, ends.length)), 1)[0]?.()
    for (const [i, node] of nodes.entries()) {
      const stepMs = (lastsMs * i) / (2 * nodes.length)
      world.after(stepMs, () => cutOff(node))
      world.after(lastsMs / 2 + stepMs, mendOne)
    }
    return {
      what: names(nodes),
      end: () => {
        isOver = true
        for (const end of ends.splice(0)) end()
      },
    }
  },
  gossipBlocked: ({ world }) => {
    if (world.network.isGossipBlocked) return undefined
    world.network.blockTopics(true)
    return { what: 'everywhere', end: () => world.network.blockTopics(false) }
  },
  crash: (scene) => {
    const [node] = shuffled(scene.random, upNodes(scene.world))
    return node === undefined ? undefined : killing(scene, node)
  },
  stop: ({ world, random }) => {
    const [node] = shuffled(random, upNodes(world))
    if (node === undefined) return undefined
    void node.stop()
    return { what: node.name, end: () => startSoon(world, node) }
  },
  massRestart: ({ world, random, lastsMs }) => {
    const nodes = shuffled(random, upNodes(world))
    for (const node of nodes) node.crash(Math.floor((node.disk.unsyncedBatches + 1) * random.next()))
    const restart = (): void => {
      for (const node of nodes) if (node.isDown) node.start()
    }
    // Some machines go down a second time, in the middle of coming back.
    world.after(lastsMs / 2, restart)
    return { what: names(nodes), end: restart }
  },
  pause: ({ world, random }) => {
    const [node] = shuffled(random, upNodes(world))
    if (node === undefined) return undefined
    const { run } = node
    node.pause()
    node.ails('pause')
    return {
      what: node.name,
      end: () => {
        node.cured('pause')
        if (node.run === run) node.resume()
      },
    }
  },
  slow: ({ world, random }) => {
    const [node] = shuffled(random, upNodes(world))
    if (node === undefined) return undefined
    const { run } = node
    node.slow(world.plan.faults.slowLagMs)
    node.ails('slow')
    return {
      what: node.name,
      end: () => {
        node.cured('slow')
        if (node.run === run) node.slow(0)
      },
    }
  },
  wipe: (scene) => {
    const [node] = shuffled(scene.random, upNodes(scene.world))
    return node === undefined ? undefined : killing(scene, node, () => node.wipe())
  },
  restore: (scene) => {
    const [node] = shuffled(scene.random, upNodes(scene.world))
    const copies = node === undefined ? [] : (scene.backups.get(node) ?? [])
    if (node === undefined || copies.length === 0) return undefined
    return killing(scene, node, () => node.restore(pick(scene.random, copies)))
  },
  diskRefuses: ({ world, random }) => {
    const [node] = shuffled(random, upNodes(world))
    if (node === undefined) return undefined
    const { disk } = node
    disk.refusesWrites = true
    node.ails('disk')
    return {
      what: node.name,
      end: () => {
        disk.refusesWrites = false
        // It is tried again once a second.
        world.after(2_000, () => node.cured('disk'))
      },
    }
  },
  diskSlow: ({ world, random }) => {
    const node = pick(random, world.nodes)
    node.diskDelayMaxMs = world.plan.faults.diskDelayMs
    return {
      what: node.name,
      end: () => {
        node.diskDelayMaxMs = 0
      },
    }
  },
  away: (scene) => {
    const [node] = shuffled(scene.random, upNodes(scene.world))
    if (node === undefined) return undefined
    const { retentionMs, forgetMs } = scene.world.settings
    const longMs = scene.random.next() < 0.5 ? retentionMs : forgetMs
    return { ...killing(scene, node), lastsMs: longMs * between(scene.random, 1.05, 1.3) }
  },
  clockJump: ({ world, random }) => {
    const node = pick(random, world.nodes)
    const ms = drawJumpMs(world, random)
    node.jumpClock(ms)
    return { what: `${node.name} by ${Math.round(ms)} ms`, end: () => node.mendClock() }
  },
  wrongStart: (scene) => {
    const { world, random } = scene
    const [node] = shuffled(random, upNodes(world))
    // One at a time: of two nodes that both started wrong each keeps the other from following its mended clock.
    if (node === undefined || world.nodes.some((other) => other.startsWithWrongClock)) return undefined
    const ms = drawJumpMs(world, random)
    node.crash()
    node.jumpClock(ms)
    node.startsWithWrongClock = true
    node.ails('clock')
    node.start()
    return {
      what: `${node.name} by ${Math.round(ms)} ms`,
      end: () => {
        node.startsWithWrongClock = false
        node.mendClock()
        node.cured('clock')
      },
    }
  },
}

const drawJumpMs = (world: World, random: SeededRandom): number =>
  (random.next() < 0.5 ? -1 : 1) * between(random, world.settings.skewMs, HOUR)

/** A process that is stopping in good order may not have ended yet. */
const startSoon = (world: World, node: SimNode): void => {
  if (node.isDown) node.start()
  else world.after(1_000, () => startSoon(world, node))
}
