import type { KeyPair } from '@rollcall/identity/node'
import { type EntityId, entityIdOf } from '@rollcall/protocol'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { Doctor } from '../doctor/doctor.ts'
import { climb, RUNGS, type Rung } from '../doctor/ladder.ts'
import { EXIT, LocalError } from '../failure.ts'
import { entityId } from '../options.ts'
import { printable } from '../output/table.ts'

/**
 * `rollcall doctor`: why does an entity not show as active? Climbs from the name of the registry to a second node that sees
 * the entity; ends with the exit code of the lowest rung that failed.
 */
export const doctor = (command: Command) => {
  command
    .description('find out, rung by rung, why an entity does not show as active')
    .argument('[id]', 'id of the entity (default: the agent of the key in use)', entityId)
    .option('--take-over', 'send the beat even where another process beats for the entity; that one is ended')
  return async (
    context: Context,
    given: EntityId | undefined,
    options: { readonly takeOver?: boolean },
  ): Promise<number> => {
    const key = await keyIfAny(context)
    const registry = (context.registries.urls[0] ?? '').replace(/\/+$/, '')
    const id = given ?? (key === undefined ? undefined : entityIdOf('agent', key.publicKey))
    const patient = { registry, id, key, keyPath: context.keyPath, takeOver: options.takeOver === true }
    const examination = new Doctor(context, patient)
    const isHuman = !context.json && !context.quiet
    if (isHuman) context.line(`${registry}${id === undefined ? '' : `, ${id}`}`)
    const rungs = await climb(examination.steps(), (rung) => {
      if (isHuman) for (const line of linesOf(context, rung)) context.line(line)
    })
    const saidGoodbye = await examination.leave()
    const first = rungs.find((rung) => rung.result === 'fail')
    const skipped = rungs.filter(({ result }) => result === 'skipped').length
    context.result({
      json: { ok: first === undefined, registry, entity_id: id ?? null, rungs: rungs.map(rungJson) },
      quiet: [first?.rung ?? 'ok'],
      human: [summary(context, first, skipped)],
    })
    if (saidGoodbye) context.note('the beat of this examination was taken back with a goodbye')
    return first?.result === 'fail' ? first.exit : EXIT.ok
  }
}

const keyIfAny = async (context: Context): Promise<KeyPair | undefined> => {
  try {
    return await context.key()
  } catch (error) {
    if (error instanceof LocalError && error.code === 'not_found') return undefined
    throw error
  }
}

const shown = ({ rung }: Rung): string => rung.replace('_', ' ')
const WIDTH = Math.max(...RUNGS.map(({ length }) => length))

const linesOf = ({ style }: Context, rung: Rung): readonly string[] => {
  const name = shown(rung).padEnd(WIDTH)
  const text = printable(rung.result === 'ok' ? rung.detail : rung.cause)
  if (rung.result === 'ok') return [`  ${style.green('ok     ')}  ${name}  ${text}`]
  if (rung.result === 'skipped') return [`  ${style.yellow('skipped')}  ${name}  ${style.dim(text)}`]
  return [
    `  ${style.red('fail   ')}  ${name}  ${text}`,
    `  ${' '.repeat(7)}  ${' '.repeat(WIDTH)}  ${style.bold('→')} ${printable(rung.remedy)}`,
  ]
}

const summary = ({ style }: Context, first: Rung | undefined, skipped: number): string => {
  const rest = skipped === 0 ? '' : ` (${skipped} not checked)`
  return first === undefined
    ? style.green(`nothing is wrong that was checked${rest}`)
    : style.red(`it fails at ${shown(first)}${rest}`)
}

const rungJson = (rung: Rung) => {
  const { rung: name, result } = rung
  if (rung.result === 'ok') return { rung: name, result, detail: rung.detail }
  if (rung.result === 'skipped') return { rung: name, result, cause: rung.cause }
  return { rung: name, result, cause: rung.cause, remedy: rung.remedy }
}
