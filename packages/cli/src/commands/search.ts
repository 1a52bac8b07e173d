import type { SearchHit, SearchPage, SearchQuery } from '@rollcall/client'
import type { EntityType } from '@rollcall/protocol'
import { type Command, Option } from 'commander'
import { agreement, askAll } from '../ask-all.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { collect, count, typeOption } from '../options.ts'
import { statusStyle } from '../output/style.ts'
import { table } from '../output/table.ts'

interface Options {
  readonly status?: 'online' | 'offline' | 'any'
  readonly category?: string
  readonly tag?: readonly string[]
  readonly type?: EntityType
  readonly limit: number
  readonly allNodes?: boolean
}

/** Hits shown unless --limit says otherwise: what fits on a screen. */
const LIMIT = 20

/** `rollcall search`: entities by words and filters; without words it lists. */
export const search = (command: Command) => {
  command
    .description('find entities; without words, list them')
    .argument('[words...]', 'words to look for')
    .addOption(new Option('--status <status>', 'default: online').choices(['online', 'offline', 'any']))
    .option('--category <word>', 'only of this category')
    .option('--tag <word>', 'only with one of these tags; repeatable', collect)
    .addOption(typeOption())
    .option('--limit <n>', 'most hits shown', count, LIMIT)
    .option('--all-nodes', 'ask every node, and say whether they find the same')
  return (context: Context, words: readonly string[], options: Options): Promise<number> => {
    const { status, category, tag: tags = [], type, limit } = options
    const query: SearchQuery = {
      query: words.join(' '),
      tags,
      limit,
      ...(status === undefined ? {} : { status }),
      ...(category === undefined ? {} : { category }),
      ...(type === undefined ? {} : { type }),
    }
    return options.allNodes === true ? everywhere(context, query) : here(context, query, limit)
  }
}

const here = async (context: Context, query: SearchQuery, limit: number): Promise<number> => {
  const client = context.client()
  let last: SearchPage | undefined
  const hits: SearchHit[] = []
  // A node may give fewer hits a page than were asked for; its pages together give them all.
  for (let cursor: string | undefined; hits.length < limit; cursor = last.next_cursor) {
    const page = { ...query, limit: limit - hits.length, ...(cursor === undefined ? {} : { cursor }) }
    last = await context.progress('searching', client.search(page))
    hits.push(...last.results.slice(0, limit - hits.length))
    if (last.next_cursor === undefined || last.results.length === 0) break
  }
  const total = last?.total_found ?? 0
  context.result({
    json: { results: hits, total_found: total, complete: last?.complete ?? true },
    quiet: hits.map(({ entity_id }) => entity_id),
    human: hits.length === 0 ? ['nothing found'] : hitTable(context, hits),
  })
  if (total > hits.length) context.note(`${hits.length} of ${total}; --limit shows more`)
  if (last?.complete === false) context.note('some nodes did not answer; the list may be incomplete')
  return EXIT.ok
}

const hitTable = (context: Context, hits: readonly SearchHit[]): readonly string[] =>
  table(
    ['NAME', 'STATUS', 'CATEGORY', 'TAGS', 'URL', 'ID'],
    hits.map((hit) => [
      hit.name ?? '',
      statusStyle(context.style, hit.status),
      hit.category ?? '',
      hit.tags?.join(',') ?? '',
      hit.entity_url ?? '',
      hit.entity_id,
    ]),
  )

const everywhere = async (context: Context, query: SearchQuery): Promise<number> => {
  const answers = await askAll(context, (client) => client.search(query))
  const { agree, sentence } = agreement(answers, ({ answer, error }) =>
    JSON.stringify(answer?.results.map(hitView) ?? error?.code),
  )
  const { style } = context
  context.result({
    json: {
      agree,
      summary: sentence,
      nodes: answers.map(({ node, url, answer, error }) => ({
        node,
        url,
        ...(answer === undefined ? { error: error?.code, message: error?.message } : answer),
      })),
    },
    quiet: [agree ? 'agree' : 'differ'],
    human: [
      ...table(
        ['NODE', 'FOUND', 'FIRST', 'URL'],
        answers.map(({ node, url, answer, error }) => [
          node,
          answer === undefined ? style.red(error?.code ?? '') : String(answer.total_found),
          answer?.results[0]?.name ?? '-',
          url,
        ]),
      ),
      agree ? style.green(sentence) : style.red(sentence),
    ],
  })
  return agree ? EXIT.ok : EXIT.failed
}

/** F1: the same hits in the same order, with the same status. */
const hitView = (hit: SearchHit): readonly unknown[] => [hit.entity_id, hit.status, hit.stamp]
