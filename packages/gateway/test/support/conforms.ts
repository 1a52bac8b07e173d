import assert from 'node:assert/strict'
import { FormatRegistry, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { EntitySchema, ErrorSchema } from '../../src/views/schemas.ts'

FormatRegistry.Set('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text))

/** Fails where a value differs from the schema that OpenAPI shows for it. */
export const assertConforms = (schema: TSchema, value: unknown): void => {
  const errors = [...Value.Errors(schema, [EntitySchema, ErrorSchema], value)]
  assert.deepEqual(
    errors.map(({ path, message }) => `${path} ${message}`),
    [],
  )
}
