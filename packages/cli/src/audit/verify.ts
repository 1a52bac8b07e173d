/** What can be said of one node's audit chain by somebody who trusts neither it nor any other node alone. */
import { type RollcallClient, RollcallError } from '@rollcall/client'
import { isJsonObject, type Json, type JsonObject } from '@rollcall/protocol'
import { type Break, type Witness, walkChain } from './walk.ts'

export interface Verdict {
  readonly nodeId: string
  readonly result: 'ok' | 'broken' | 'tail_unwitnessed'
  /** Number of the newest link that was followed. */
  readonly length: number
  readonly oldest: number
  readonly firstBrokenId?: number
  readonly reason?: string
  /** Nodes whose memory of the chain was held against it. */
  readonly witnesses: readonly string[]
  /** What the node says of itself. */
  readonly said: string
}

const PAGE = 1_000
const ATTEMPTS = 3
const UNWITNESSED =
  'every link holds, and no other node that could be asked remembers a head: a cut tail would not be seen'
/** A link is told before it is on disk, by a moment. */
const PATIENCE_MS = 3_000

/** `onLinks` hears how far the chain was followed. @throws RollcallError where the node does not answer. */
export const verifyNode = async (
  client: RollcallClient,
  witnessesOf: (nodeId: string) => readonly Witness[],
  onLinks: (upTo: number) => void,
): Promise<Verdict> => {
  for (let attempt = 1; ; attempt++) {
    const report = await client.auditReport()
    const verdict = await verifyAgainst(client, { report, remembered: witnessesOf(textOf(report.node_id)), onLinks })
    if (verdict.result !== 'broken' || attempt === ATTEMPTS) return verdict
    // A node drops its oldest links beyond a cap: what was pruned while it was read is no break.
    const again = await client.auditReport()
    if (numberOf(again.oldest) === numberOf(report.oldest)) return verdict
  }
}

const verifyAgainst = async (
  client: RollcallClient,
  {
    report,
    remembered,
    onLinks,
  }: {
    readonly report: JsonObject
    readonly remembered: readonly Witness[]
    readonly onLinks: (upTo: number) => void
  },
): Promise<Verdict> => {
  const oldest = numberOf(report.oldest)
  const length = numberOf(report.length)
  // What was pruned can be compared with nothing.
  const witnesses = remembered.filter(({ head }) => head.number >= Math.max(1, oldest))
  const patientUntil = performance.now() + PATIENCE_MS
  const linksAfter = async (after: number): Promise<readonly Json[]> => {
    onLinks(after)
    for (;;) {
      const links = linksOf(await client.auditLinks({ after, limit: PAGE }), client.registry)
      if (links.length > 0 || after >= length || performance.now() > patientUntil) return links
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  const { end, broken } = await walkChain({ oldest, length, witnesses, linksAfter })
  const names = witnesses.map(({ node }) => node)
  const said = textOf(report.result)
  const found = { nodeId: textOf(report.node_id), length: end, oldest, witnesses: names, said }
  const first = earlier(broken, ownWord(report))
  if (first !== undefined) return { ...found, result: 'broken', ...first }
  if (witnesses.length > 0) return { ...found, result: 'ok' }
  return { ...found, result: 'tail_unwitnessed', reason: UNWITNESSED }
}

/** What the node holds against itself: it may have asked peers that cannot be asked from here. */
const ownWord = ({ result, first_broken_id: id, reason }: JsonObject): Break | undefined =>
  result === 'broken' ? { firstBrokenId: numberOf(id), reason: `the node says: ${textOf(reason)}` } : undefined

const earlier = (a: Break | undefined, b: Break | undefined): Break | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  return b.firstBrokenId < a.firstBrokenId ? b : a
}

const linksOf = ({ links }: JsonObject, registry: string): readonly Json[] => {
  if (Array.isArray(links) && (links as readonly Json[]).every(isJsonObject)) return links
  throw new RollcallError('unreachable', `${registry} answers, but not with audit links: is it a registry?`, {
    registry,
  })
}

const numberOf = (value: Json | undefined): number => (typeof value === 'number' ? value : 0)
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
