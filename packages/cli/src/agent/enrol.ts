/** Registering before the first heartbeat: once, if it is needed, however long it takes until a registry serves. */
import {
  backoffMs,
  type Entity,
  type EntityFields,
  firstDifference,
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

export type Enrolled = 'registered' | 'updated' | 'unchanged'

/**
 * Resolves once the record stands as asked; with undefined where the signal came first. What may pass is waited out for
 * ever. @throws RollcallError where the registry refuses, UsageError where a registration is needed and no name was given.
 */
export const enrol = async (enrolment: Enrolment): Promise<Enrolled | undefined> => {
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

const enrolOnce = async ({ client, id, fields, options, signal }: Enrolment): Promise<Enrolled> => {
  const entity = await found(client, id, signal)
  if (entity === undefined) {
    if (fields.name === undefined)
      throw new UsageError(`${id} is not registered; give --name and --url to register it.`)
    await client.register(fields, { ...options, signal })
    return 'registered'
  }
  if (firstDifference(entity, fields) === undefined) return 'unchanged'
  await client.update(id, fields, { signal })
  return 'updated'
}

const found = async (client: RollcallClient, id: EntityId, signal: AbortSignal): Promise<Entity | undefined> => {
  try {
    return await client.get(id, { consistency: 'local', signal })
  } catch (error) {
    const isAbsent =
      error instanceof RollcallError && (error.code === 'entity_not_found' || error.code === 'entity_deregistered')
    if (isAbsent) return undefined
    throw error
  }
}
