/** Registering before the first heartbeat: once, if it is needed, however long it takes until a registry serves. */
import {
  backoffMs,
  differingFields,
  type Ensured,
  type EntityFields,
  pause,
  type RegisterOptions,
  type RollcallClient,
  RollcallError,
  systemClock,
} from '@rollcall/client'
import type { EntityId } from '@rollcall/protocol'
import { UsageError } from '../failure.ts'

export interface Enrolment {
  readonly client: RollcallClient
  readonly id: EntityId
  /** What to register, and what an existing record is brought up to. Empty fields leave a record as it is. */
  readonly fields: EntityFields
  readonly options: RegisterOptions
  readonly signal: AbortSignal
  readonly onRetry: (error: RollcallError, retryInMs: number) => void
}

/**
 * Resolves once the record stands as asked; with undefined where the signal came first. What may pass is waited out for
 * ever. @throws RollcallError where the registry refuses, UsageError where a registration is needed and no name was given.
 */
export const enrol = async (enrolment: Enrolment): Promise<Ensured | undefined> => {
  for (let failures = 0; !enrolment.signal.aborted; failures++) {
    try {
      return await enrolOnce(enrolment)
    } catch (error) {
      if (enrolment.signal.aborted) return undefined
      if (!(error instanceof RollcallError) || !error.retryable) throw error
      const retryInMs = Math.max(backoffMs(failures, Math.random()), error.retryAfterMs ?? 0)
      enrolment.onRetry(error, retryInMs)
      await pause(systemClock, retryInMs, enrolment.signal)
    }
  }
  return undefined
}

const enrolOnce = async ({ client, id, fields, options, signal }: Enrolment): Promise<Ensured> => {
  if (fields.name !== undefined) return (await client.ensure(fields, { ...options, signal })).outcome
  // Without a name there is nothing to register with, only to bring up to date.
  try {
    const changed = differingFields(await client.get(id, { consistency: 'local', signal }), fields)
    if (Object.keys(changed).length === 0) return 'unchanged'
    await client.update(id, changed, { signal })
    return 'updated'
  } catch (error) {
    if (!(error instanceof RollcallError) || !UNREGISTERED.has(error.code)) throw error
    throw new UsageError(`${id} is not registered; give --name and --url to register it.`)
  }
}

const UNREGISTERED: ReadonlySet<string> = new Set(['entity_not_found', 'entity_deregistered'])
