/** Reads, verifies and prunes the audit chain of this node (A1), and testifies to the chains of others. */
import {
  type AuditHead,
  type AuditLink,
  type AuditReport,
  auditKey,
  breakOf,
  type Clock,
  GENESIS,
  type Log,
  type Mesh,
  type RegistryState,
  readLinkRow,
  type Store,
  type StoreOp,
} from '@rollcall/core'
import { decodeWith, encode, equalBytes, type NodeId, utf8 } from '@rollcall/protocol'

export interface AuditInit {
  readonly state: RegistryState
  readonly store: Store
  readonly mesh: Mesh
  readonly clock: Clock
  readonly log: Log
  /** Links kept; older ones are pruned, and their last hash becomes the anchor that the rest is verified from. */
  readonly linksMax: number
}

const ASK_TIMEOUT_MS = 1_000
const HEAD_BYTES_MAX = 64
/** Links read or pruned between two pauses of the event loop. */
const SLICE = 1_000
const ANCHOR = utf8('audit_anchor')

export class Audit {
  readonly #init: AuditInit
  #pruning = false

  constructor(init: AuditInit) {
    this.#init = init
  }

  async links({ after, limit }: { readonly after: number; readonly limit: number }): Promise<AuditLink[]> {
    const links: AuditLink[] = []
    for await (const [, value] of this.#init.store.scan('audit', { gte: auditKey(after + 1), limit })) {
      const link = readLinkRow(value)
      // A link that cannot be read is found by `verify`; a page ends before it.
      if (!link.ok) return links
      links.push(link.value)
    }
    return links
  }

  async verify(): Promise<AuditReport> {
    const { state } = this.#init
    const { number: length } = state.auditHead
    const testimony = await this.#testimonies()
    const witnesses = testimony.map(({ peer }) => peer)
    for (;;) {
      const anchor = await this.#anchor()
      const oldest = Math.min(anchor.number + 1, length)
      const walked = await this.#walk(anchor, testimony)
      if (walked === undefined) {
        return { result: witnesses.length > 0 ? 'ok' : 'tail_unwitnessed', length, oldest, witnesses }
      }
      // Pruned between the two readings, the chain begins elsewhere and nothing is broken: walk again.
      if ((await this.#anchor()).number !== anchor.number) continue
      return { result: 'broken', length, oldest, witnesses, ...walked }
    }
  }

  /** Answers a peer: the furthest head it ever told this node; nothing where it told none. */
  answer(from: NodeId): Uint8Array {
    const head = this.#init.state.members.get(from)?.auditHead
    return head === undefined ? new Uint8Array() : encode([head.number, head.hash])
  }

  /** Drops the oldest links beyond the cap, a slice at a time, the anchor with them in one batch. */
  async prune(): Promise<void> {
    const { state, store, log, linksMax } = this.#init
    if (this.#pruning) return
    this.#pruning = true
    try {
      for (;;) {
        const anchor = await this.#anchor()
        const surplus = Math.min(SLICE, state.auditHead.number - anchor.number - linksMax)
        if (surplus <= 0) return
        const links = await this.links({ after: anchor.number, limit: surplus })
        const last = links.at(-1)
        if (last === undefined) return
        const batch: StoreOp[] = links.map(({ number }) => ({ kind: 'del', table: 'audit', key: auditKey(number) }))
        batch.push({ kind: 'put', table: 'meta', key: ANCHOR, value: encode([last.number, last.hash]) })
        await store.write(batch, { durable: false })
      }
    } catch (error) {
      log.warn('the audit chain could not be pruned', { error })
    } finally {
      this.#pruning = false
    }
  }

  /** Follows the chain from the anchor; the first break, also where a peer remembers another link at its number. */
  async #walk(
    anchor: AuditHead,
    testimony: readonly { readonly peer: NodeId; readonly head: AuditHead }[],
  ): Promise<{ readonly firstBrokenId: number; readonly reason: string } | undefined> {
    const { store, clock } = this.#init
    let head = anchor
    let sincePause = 0
    for await (const [, value] of store.scan('audit')) {
      const link = readLinkRow(value)
      const reason = link.ok ? breakOf(head, link.value) : 'it cannot be read'
      if (!link.ok || reason !== undefined)
        return { firstBrokenId: head.number + 1, reason: reason ?? 'it cannot be read' }
      head = link.value
      const other = testimony.find((one) => one.head.number === head.number && !equalBytes(one.head.hash, head.hash))
      if (other !== undefined)
        return { firstBrokenId: head.number, reason: `${other.peer} remembers another link here` }
      if (++sincePause < SLICE) continue
      sincePause = 0
      await new Promise<void>((resolve) => clock.schedule(0, resolve))
    }
    const further = testimony.find((one) => one.head.number > head.number)
    if (further === undefined) return undefined
    return {
      firstBrokenId: head.number + 1,
      reason: `${further.peer} remembers a link ${further.head.number}: the tail was cut`,
    }
  }

  async #anchor(): Promise<AuditHead> {
    const value = await this.#init.store.get('meta', ANCHOR)
    if (value === undefined) return GENESIS
    const head = decodeHead(value)
    if (head === undefined) throw new Error('the anchor of the audit chain cannot be read')
    return head
  }

  async #testimonies(): Promise<{ readonly peer: NodeId; readonly head: AuditHead }[]> {
    const { mesh, log } = this.#init
    const asked = mesh.connectedPeers().map(async (peer) => {
      try {
        const options = { timeoutMs: ASK_TIMEOUT_MS, maxResponseBytes: HEAD_BYTES_MAX }
        const head = decodeHead(await mesh.request(peer, '/rollcall/audit/1', new Uint8Array(), options))
        return head === undefined ? [] : [{ peer, head }]
      } catch (error) {
        log.debug('a peer did not testify to the audit chain', { peer, error })
        return []
      }
    })
    return (await Promise.all(asked)).flat()
  }
}

const decodeHead = (bytes: Uint8Array): AuditHead | undefined => {
  const head = decodeWith('audit head', bytes, HEAD_BYTES_MAX, (reader) => ({
    number: reader.uint('number'),
    hash: reader.bytesExactly('hash', 32),
  }))
  return head.ok ? head.value : undefined
}
