import type { Entity, RollcallClient } from '@rollcall/client'
import type { EntityId } from '@rollcall/protocol'
import type { Command } from 'commander'
import { agreement, askAll, type NodeAnswer } from '../ask-all.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { entityId } from '../options.ts'
import { statusStyle } from '../output/style.ts'
import { facts, table } from '../output/table.ts'
import { ago } from '../output/time.ts'

/** `rollcall info`: what the registry knows of an entity; with --all-nodes what each node says, and whether they agree. */
export const info = (command: Command) => {
  command
    .description('show an entity')
    .argument('<id>', 'id of the entity', entityId)
    .option('--all-nodes', 'ask every node, and say whether they agree')
  return (context: Context, id: EntityId, options: { readonly allNodes?: boolean }): Promise<number> =>
    options.allNodes === true ? everywhere(context, id) : here(context, id)
}

const here = async (context: Context, id: EntityId): Promise<number> => {
  const entity = await context.progress('asking', context.client().get(id))
  context.result({ json: entity, quiet: [entity.status], human: entityFacts(context, entity) })
  return EXIT.ok
}

const entityFacts = (context: Context, entity: Entity): readonly string[] => {
  const heard = entity.last_heartbeat
  return facts([
    ['name', entity.name],
    ['id', entity.entity_id],
    ['type', entity.entity_type],
    ['status', statusStyle(context.style, entity.status)],
    ['last heartbeat', heard === null || heard === undefined ? 'never' : `${heard} (${ago(heard, Date.now())})`],
    ['url', entity.entity_url],
    ['category', entity.category],
    ['tags', entity.tags?.join(', ')],
    ['summary', entity.summary],
    ['public key', entity.public_key],
    ['attendant', entity.attendant ?? undefined],
    ['incarnation', entity.incarnation],
    ['stamp', entity.stamp],
    ['health', entity.health === null || entity.health === undefined ? undefined : JSON.stringify(entity.health)],
    ['warning', entity.duplicate_instance === true ? 'two processes beat with this key' : undefined],
  ])
}

const everywhere = async (context: Context, id: EntityId): Promise<number> => {
  // Each node's own view: asked for the freshest beat, they would all repeat the attendant's.
  const answers = await askAll(context, (client: RollcallClient) => client.get(id, { consistency: 'local' }))
  const { agree, sentence } = agreement(answers, viewOf)
  const { style } = context
  context.result({
    json: { entity_id: id, agree, summary: sentence, nodes: answers.map(nodeJson) },
    quiet: [agree ? 'agree' : 'differ'],
    human: [
      ...table(
        ['NODE', 'STATUS', 'LAST HEARTBEAT', 'STAMP', 'URL'],
        answers.map((one) => [
          one.node,
          statusStyle(style, one.answer?.status ?? one.error?.code ?? ''),
          one.answer === undefined ? '-' : ago(one.answer.last_heartbeat, Date.now()),
          one.answer?.stamp ?? '-',
          one.url,
        ]),
      ),
      agree ? style.green(sentence) : style.red(sentence),
    ],
  })
  const codes = answers.map(({ error }) => error?.code)
  if (agree && codes.some((code) => code === 'entity_not_found' || code === 'entity_deregistered')) return EXIT.notFound
  return agree ? EXIT.ok : EXIT.failed
}

/** What must be equal on every node. The newest beat need not be: only the attendant knows those between transitions. */
const viewOf = ({ answer, error }: NodeAnswer<Entity>): string =>
  JSON.stringify(
    answer === undefined ? error?.code : [answer.status, answer.incarnation, answer.stamp, answer.attendant],
  )

const nodeJson = ({ node, url, answer, error }: NodeAnswer<Entity>) => ({
  node,
  url,
  ...(answer === undefined ? { error: error?.code, message: error?.message } : { entity: answer }),
})
