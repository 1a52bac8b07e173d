/**
 * Follows an audit chain link by link, from outside the node that keeps it (A1). The hashes are computed here, and the heads
 * that other nodes remember are held against the links: what the node says of itself decides nothing.
 */
import { type AuditHead, breakOf, GENESIS } from '@rollcall/core'
import { equalBytes, type Json } from '@rollcall/protocol'
import { readLink } from './read-link.ts'

/** What another node remembers of the chain. */
export interface Witness {
  readonly node: string
  readonly head: AuditHead
}

export interface Chain {
  /** Links after number `after`, oldest first; none at the end. */
  readonly linksAfter: (after: number) => Promise<readonly Json[]>
  /** Number of the oldest link that the node says it holds; those before it were pruned. */
  readonly oldest: number
  /** Number of the newest link that the node says it holds. */
  readonly length: number
  readonly witnesses: readonly Witness[]
}

export interface Walked {
  /** The last link that holds. */
  readonly end: number
  /** Undefined where the whole chain holds. */
  readonly broken: Break | undefined
}

export interface Break {
  readonly firstBrokenId: number
  readonly reason: string
}

/** Costs one page in memory, whatever the length of the chain. */
export const walkChain = async (chain: Chain): Promise<Walked> => {
  let head: AuditHead | undefined = chain.oldest > 1 ? undefined : GENESIS
  const startsAfter = Math.max(0, chain.oldest - 1)
  for (;;) {
    const after: number = head?.number ?? startsAfter
    const page = await chain.linksAfter(after)
    if (page.length === 0) return { end: after, broken: endBreak(chain, after) }
    for (const json of page) {
      const link = readLink(json)
      const expected: number = (head?.number ?? startsAfter) + 1
      if (link === undefined) return brokenAt(expected, 'it cannot be read')
      // Of what was pruned only the hash is left, and only the node has it.
      head ??= { number: startsAfter, hash: link.previous }
      const reason = breakOf(head, link) ?? contradiction(chain.witnesses, link)
      if (reason !== undefined) return brokenAt(expected, reason)
      head = link
    }
  }
}

const brokenAt = (firstBrokenId: number, reason: string): Walked => ({
  end: firstBrokenId - 1,
  broken: { firstBrokenId, reason },
})

const contradiction = (witnesses: readonly Witness[], link: AuditHead): string | undefined => {
  const other = witnesses.find(({ head }) => head.number === link.number && !equalBytes(head.hash, link.hash))
  return other === undefined ? undefined : `${other.node} remembers another link here`
}

/** Why a chain may not end after link `end`. */
const endBreak = ({ witnesses, length }: Chain, end: number): Break | undefined => {
  const further = witnesses.find(({ head }) => head.number > end)
  if (further !== undefined) {
    const reason = `${further.node} remembers a link ${further.head.number}: the tail was cut, or cannot be read`
    return { firstBrokenId: end + 1, reason }
  }
  if (length <= end) return undefined
  return { firstBrokenId: end + 1, reason: `the node counts ${length} links, and does not show this one` }
}
