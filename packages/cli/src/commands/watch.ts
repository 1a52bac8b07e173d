import type { TransitionEvent } from '@rollcall/client'
import type { EntityId } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { entityId } from '../options.ts'
import { printable } from '../output/table.ts'
import { onStopSignal } from '../signals.ts'

interface Options {
  readonly entity?: EntityId
  readonly since?: string
}

/** `rollcall watch`: one line for each transition, until stopped. */
export const watch = (command: Command) => {
  command
    .description('show transitions as they happen')
    .option('--entity <id>', 'only of this entity', entityId)
    .option('--since <cursor>', 'begin after this event (its cursor is in the JSON form)')
  return async (context: Context, options: Options): Promise<number> => {
    const stop = new AbortController()
    const release = onStopSignal(() => stop.abort())
    const events = context.client().watch({
      ...options,
      signal: stop.signal,
      onLoss: ({ error, retryInMs }) =>
        context.note(`lost the feed: ${error.message}; next try in ${(retryInMs / 1000).toFixed(1)} s`),
    })
    try {
      for await (const event of events) context.line(context.json ? JSON.stringify(event) : eventLine(context, event))
    } finally {
      release()
    }
    return EXIT.ok
  }
}

const eventLine = (context: Context, event: TransitionEvent): string => {
  const { style } = context
  const text = (name: string): string => (typeof event[name] === 'string' ? event[name] : '')
  if (event.type === 'gap') return style.yellow('events were lost here: the feed does not go back that far')
  const colour = { active: style.green, inactive: style.yellow, deregistered: style.red }[event.type] ?? style.bold
  const change = text('from') === '' && text('to') === '' ? '' : `${text('from') || '-'} → ${text('to') || '-'}`
  const parts = [
    style.dim(text('at')),
    colour(event.type),
    text('fqan') || text('handle') || text('name'),
    text('entity_id') || text('developer_id'),
    change,
    text('reason'),
  ]
  return printable(parts.filter((part) => part !== '').join('  '))
}
