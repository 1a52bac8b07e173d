import { fail, type JsonObject, ok, type Result } from '@rollcall/protocol'
import type { GatewayContext } from '../context.ts'

/** A query string as the fields of a body: both are read by the same code. */
export const queryFields = (query: Readonly<Record<string, string | readonly string[]>>): JsonObject => ({ ...query })

/** For calls of the registry that cannot say themselves that the node does not serve yet. */
export const readyOr503 = (context: GatewayContext): Result<undefined> => {
  const readiness = context.registry.readiness()
  return readiness.ready ? ok(undefined) : fail('node_not_ready', readiness.reason)
}
