/** The key in use, taken as that of a developer. */
import type { RollcallClient } from '@rollcall/client'
import { nativeSigner } from '@rollcall/identity/node'
import { developerIdOf, type Fqan, formatKey, type Json, parseFqan } from '@rollcall/protocol'
import { InvalidArgumentError } from 'commander'
import type { Context } from './context.ts'
import { facts } from './output/table.ts'

export interface Developer {
  readonly id: string
  readonly publicKey: string
  readonly client: RollcallClient
}

/** @throws LocalError where the key cannot be read. */
export const developerInUse = async (context: Context): Promise<Developer> => {
  const { publicKey, seed } = await context.key()
  return { id: developerIdOf(publicKey), publicKey: formatKey(publicKey), client: context.client(nativeSigner(seed)) }
}

/** Reader of a full name: `registry/handle/name`, `handle/name` and the other spellings of it. */
export const fullName = (text: string): Fqan => {
  const fqan = parseFqan(text)
  if (fqan === undefined) throw new InvalidArgumentError('A full name is handle/name or registry/handle/name.')
  return fqan
}

export const namePath = (of: 'names' | 'resolve', { handle, name }: Fqan): string =>
  `/v1/${of}/${encodeURIComponent(handle)}/${encodeURIComponent(name)}`

/** Lines for people of an answer whose fields are texts and numbers; the others are left to --json. */
export const answerFacts = (answer: Readonly<Record<string, Json | undefined>>): readonly string[] =>
  facts(
    Object.entries(answer).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number'
        ? [[name.replaceAll('_', ' '), String(value)] as const]
        : [],
    ),
  )
