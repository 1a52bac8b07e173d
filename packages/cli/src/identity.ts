/** A key pair as commands show it and use it. */
import { developerProof } from '@rollcall/identity'
import { type KeyPair, nativeSigner } from '@rollcall/identity/node'
import {
  type DeveloperProof,
  developerIdOf,
  type EntityId,
  entityIdOf,
  equalBytes,
  formatKey,
} from '@rollcall/protocol'
import type { Context } from './context.ts'
import { UsageError } from './failure.ts'
import type { ProfileOptions } from './options.ts'
import { facts } from './output/table.ts'

/** Everything that follows from a key, secrets excepted. One key is an agent, a service and a developer, under three ids. */
export const keyView = (pair: KeyPair, path: string | undefined) => ({
  ...(path === undefined ? {} : { path }),
  public_key: formatKey(pair.publicKey),
  agent_id: entityIdOf('agent', pair.publicKey),
  service_id: entityIdOf('service', pair.publicKey),
  developer_id: developerIdOf(pair.publicKey),
  ...(pair.derivedFrom === undefined
    ? {}
    : {
        derived_from: {
          developer_id: developerIdOf(pair.derivedFrom.developerPublicKey),
          entity_index: pair.derivedFrom.entityIndex,
        },
      }),
})

export const keyFacts = (view: ReturnType<typeof keyView>): readonly string[] =>
  facts([
    ['key file', view.path],
    ['public key', view.public_key],
    ['agent id', view.agent_id],
    ['service id', view.service_id],
    ['developer id', view.developer_id],
    ['derived from', view.derived_from && `${view.derived_from.developer_id}, index ${view.derived_from.entity_index}`],
  ])

/** Whether the key is the entity's own; if not it can only be that of its developer. */
export const signsFor = (pair: KeyPair, id: EntityId): 'entity' | 'developer' =>
  entityIdOf('agent', pair.publicKey) === id || entityIdOf('service', pair.publicKey) === id ? 'entity' : 'developer'

/** The proof that --developer-key asks for. @throws UsageError where the key file says that another developer derived it. */
export const proofFor = async (
  context: Context,
  pair: KeyPair,
  options: Pick<ProfileOptions, 'developerKey' | 'index'>,
): Promise<DeveloperProof | undefined> => {
  if (options.developerKey === undefined) {
    if (options.index === undefined) return undefined
    throw new UsageError('--index counts under a developer key; give --developer-key too.')
  }
  const developer = await context.key(options.developerKey)
  const { derivedFrom } = pair
  if (derivedFrom !== undefined && !equalBytes(derivedFrom.developerPublicKey, developer.publicKey)) {
    throw new UsageError(`the entity key was derived from another developer key than ${options.developerKey}.`)
  }
  const index = options.index ?? derivedFrom?.entityIndex ?? 0
  return developerProof(nativeSigner(developer.seed), pair.publicKey, index)
}
