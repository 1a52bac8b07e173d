import { type AuditHead, breakOf, GENESIS, readLinkRow } from '@rollcall/core'
import { equalBytes } from '@rollcall/protocol'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** The audit chain on every disk is whole from its first link to its last, and memory goes on where the disk ends. */
class AuditChain implements Checker {
  readonly name = auditChain.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  started(node: SimNode): void {
    const head = this.#walk(node)
    const inMemory = node.runtime?.inside.state.auditHead
    if (head === undefined || inMemory === undefined || equalBytes(head.hash, inMemory.hash)) return
    this.#world.fail(this.name, `${node.name} goes on from link ${inMemory.number}, its disk ends with ${head.number}`)
  }

  ended(node: SimNode): void {
    this.#walk(node)
  }

  settled(): void {
    for (const node of this.#world.nodes) this.#walk(node)
  }

  #walk(node: SimNode): AuditHead | undefined {
    let head: AuditHead = GENESIS
    for (const [, value] of node.disk.scan('audit', {})) {
      const link = readLinkRow(value)
      const broken = link.ok ? breakOf(head, link.value) : link.message
      if (!link.ok || broken !== undefined) {
        this.#world.fail(this.name, `link ${head.number + 1} of ${node.name}: ${broken}`)
        return undefined
      }
      head = link.value
    }
    return head
  }
}

export const auditChain: CheckerKind = {
  name: 'audit-chain',
  rule: 'A1: the chain on every disk is unbroken, whatever a crash took of its end.',
  make: (world) => new AuditChain(world),
}
