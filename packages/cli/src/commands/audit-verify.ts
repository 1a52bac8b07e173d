import { RollcallError } from '@rollcall/client'
import type { Command } from 'commander'
import { type Verdict, verifyNode } from '../audit/verify.ts'
import { type Place, takeCensus } from '../audit/witnesses.ts'
import type { Context } from '../context.ts'
import { EXIT, UsageError } from '../failure.ts'
import { collect } from '../options.ts'
import { table } from '../output/table.ts'

interface Options {
  readonly node?: readonly string[]
  readonly allNodes?: boolean
}

interface Outcome extends Place {
  readonly verdict?: Verdict
  readonly error?: RollcallError
}

/** Most time one answer may take: the node walks its whole chain for it. */
const TIMEOUT_MS = 120_000

/**
 * `rollcall audit verify`: follows the audit chain of a node, computing every hash itself, and holds it against what the
 * other nodes remember (A1). Ends with 0 only where every chain is whole and witnessed.
 */
export const auditVerify = (command: Command) => {
  command
    .description('verify the audit chain of a node, and its tail against what other nodes remember')
    .option('--node <url>', 'address of a node to verify (default: the registry); repeatable', collect)
    .option('--all-nodes', 'verify every node of the cluster')
  return async (context: Context, options: Options): Promise<number> => {
    const { urls } = context.registries
    const named = options.node ?? []
    if (options.allNodes === true && named.length > 0) {
      throw new UsageError('--node names some nodes and --all-nodes all of them; give one of the two.')
    }
    const wrong = named.find((url) => !/^https?:\/\/[^\s/]+/i.test(url))
    if (wrong !== undefined) throw new UsageError(`--node ${JSON.stringify(wrong)} is not an http or https URL.`)
    const trimmed = [...new Set([...named, ...urls].map((url) => url.replace(/\/+$/, '')))]
    const census = await context.progress('asking the nodes what they remember', takeCensus(context, trimmed))
    const chosen =
      options.allNodes === true ? census.places : placesOf(trimmed.slice(0, named.length || 1), census.places)
    const outcomes: Outcome[] = []
    for (const place of chosen) {
      const client = context.clientOf([place.url], undefined, { timeoutMs: TIMEOUT_MS })
      let followed = 0
      const verified = settled(
        verifyNode(client, census.witnessesOf, (upTo) => {
          followed = upTo
        }),
      )
      const words = (): string => `following the chain of ${place.node}: ${followed} links`
      outcomes.push({ ...place, ...(await context.progress(words, verified)) })
    }
    tell(context, outcomes)
    return exitOf(outcomes)
  }
}

const placesOf = (urls: readonly string[], known: readonly Place[]): readonly Place[] =>
  urls.map((url) => known.find((place) => place.url === url) ?? { node: url, url })

const settled = async (work: Promise<Verdict>): Promise<Pick<Outcome, 'verdict' | 'error'>> => {
  try {
    return { verdict: await work }
  } catch (error) {
    if (error instanceof RollcallError) return { error }
    throw error
  }
}

const resultOf = ({ verdict, error }: Outcome): string => verdict?.result ?? error?.code ?? 'failed'

const exitOf = (outcomes: readonly Outcome[]): number => {
  if (outcomes.some(({ verdict }) => verdict !== undefined && verdict.result !== 'ok')) return EXIT.failed
  return outcomes.every(({ verdict }) => verdict !== undefined) ? EXIT.ok : EXIT.unreachable
}

const tell = (context: Context, outcomes: readonly Outcome[]): void => {
  const worst =
    outcomes.find((one) => one.verdict?.result === 'broken') ?? outcomes.find((one) => resultOf(one) !== 'ok')
  const { style } = context
  const painted = (result: string): string =>
    result === 'ok' ? style.green(result) : result === 'tail_unwitnessed' ? style.yellow(result) : style.red(result)
  context.result({
    json: {
      ok: worst === undefined,
      ...(worst === undefined ? { result: 'ok' } : brief(worst)),
      nodes: outcomes.map((one) => ({ node: one.node, url: one.url, ...brief(one), ...details(one) })),
    },
    quiet: outcomes.map(resultOf),
    human: [
      ...table(
        ['NODE', 'RESULT', 'LINKS', 'FIRST BROKEN', 'WITNESSES', 'THE NODE SAYS', 'URL'],
        outcomes.map((one) => [
          one.node,
          painted(resultOf(one)),
          one.verdict === undefined ? '-' : String(one.verdict.length),
          String(one.verdict?.firstBrokenId ?? '-'),
          one.verdict?.witnesses.join(', ') || '-',
          one.verdict?.said ?? '-',
          one.url,
        ]),
      ),
      ...outcomes.flatMap((one) => reasonLine(one)),
    ],
  })
}

const reasonLine = ({ node, verdict, error }: Outcome): readonly string[] => {
  if (error !== undefined) return [`${node}: ${error.message}`]
  if (verdict?.reason === undefined) return []
  const where = verdict.firstBrokenId === undefined ? '' : `link ${verdict.firstBrokenId}: `
  return [`${node}: ${where}${verdict.reason}`]
}

const brief = (one: Outcome) => ({
  result: resultOf(one),
  ...(one.verdict?.firstBrokenId === undefined ? {} : { first_broken_id: one.verdict.firstBrokenId }),
  ...(one.verdict?.reason === undefined ? {} : { reason: one.verdict.reason }),
  ...(one.error === undefined ? {} : { reason: one.error.message }),
})

const details = ({ verdict }: Outcome) =>
  verdict === undefined
    ? {}
    : {
        node_id: verdict.nodeId,
        length: verdict.length,
        oldest: verdict.oldest,
        witnesses: verdict.witnesses,
        node_says: verdict.said,
      }
