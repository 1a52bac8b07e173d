import type { MeshHarness } from '@rollcall/testkit'
import { meshCompliance } from '@rollcall/testkit'
import { makeNode, seed, type TestNode, until } from './support.ts'

const libp2pHarness = (): MeshHarness => {
  const nodes: TestNode[] = []
  const seeds = new Map<string, Uint8Array>()
  return {
    async create({ join, identity }) {
      const name = identity ?? `node ${nodes.length}`
      const privateKeySeed = seeds.get(name) ?? seed(seeds.size + 1)
      seeds.set(name, privateKeySeed)
      // Without ids, as operators write them; with ids the larger one of a pair would wait a second in every test.
      const node = await makeNode({ privateKeySeed, join: join.map((address) => address.replace(/\/p2p\/.*$/, '')) })
      nodes.push(node)
      return { mesh: node.mesh, dropped: node.dropped }
    },
    until: (what, condition) => until(what, condition),
    settle: (promise) => promise,
    async close() {
      await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
    },
  }
}

meshCompliance('the mesh on libp2p', libp2pHarness)
