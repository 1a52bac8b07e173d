/** The key in use, taken as that of a developer. */
import { DeveloperClient } from '@rollcall/client'
import { nativeSigner } from '@rollcall/identity/node'
import { type Fqan, type Json, parseFqan } from '@rollcall/protocol'
import { InvalidArgumentError } from 'commander'
import type { Context } from './context.ts'
import { facts } from './output/table.ts'

/** @throws LocalError where the key cannot be read. */
export const developerInUse = async (context: Context): Promise<DeveloperClient> => {
  const { seed } = await context.key()
  return new DeveloperClient({ registries: context.registries.urls, signer: nativeSigner(seed) })
}

/** Reader of a full name: `registry/handle/name`, `handle/name` and the other spellings of it. */
export const fullName = (text: string): Fqan => {
  const fqan = parseFqan(text)
  if (fqan === undefined) throw new InvalidArgumentError('A full name is handle/name or registry/handle/name.')
  return fqan
}

/** Lines for people of an answer whose fields are texts and numbers; the others are left to --json. */
export const answerFacts = (answer: Readonly<Record<string, Json | undefined>>): readonly string[] =>
  facts(
    Object.entries(answer).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number'
        ? [[name.replaceAll('_', ' '), String(value)] as const]
        : [],
    ),
  )
