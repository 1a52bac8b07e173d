/** Names bound to entities and released from them, by the developer whose proof the entity carries (N3). */
import {
  type Act,
  actsOf,
  actsWith,
  type BindingWords,
  bindingWords,
  developerIdOf,
  type EntityId,
  type EntityRecord,
  type Failure,
  fail,
  makeRecord,
  ok,
} from '@rollcall/protocol'
import { type ActResult, bindingClaimOf, newestIssuedAt, ownedRecord } from './acts.ts'
import { fullNameKey, handleKey } from './claims.ts'
import type { Turn } from './turn.ts'

export const nameAct = (
  turn: Turn,
  event: { readonly id: EntityId; readonly act: Act; readonly developerKey: Uint8Array },
): ActResult => {
  const owned = ownedRecord(turn, event)
  if (!owned.ok) return owned
  const { act } = event
  const { holding, record, content } = owned.value
  if (act.kind === 'release_name') {
    if (record.binding === undefined || record.binding.name !== content.body.entity_name) {
      return fail('not_found', `${record.id} does not bear the name ${JSON.stringify(content.body.entity_name ?? '')}`)
    }
  } else {
    const words = bindingWords(act, content.body, record.id)
    if (!words.ok) return words
    const refused = refusedName(turn, { record, words: words.value, developerKey: event.developerKey })
    if (refused !== undefined) return refused
    if (isBound(record, words.value)) return ok({ id: record.id, stamp: record.stamp })
  }
  const acts = actsWith(actsOf(record), act)
  const stamp = turn.issue()
  const next = makeRecord({
    ...record,
    stamp,
    bindingClaim: bindingClaimOf({ id: record.id, acts, before: record, stamp }),
    issuedAtMs: newestIssuedAt(holding, content),
    acts,
  })
  if (!next.ok) return next
  turn.join({ kind: 'record', id: record.id, record: next.value, presence: undefined }, 'owner', { own: true })
  return ok({ id: record.id, stamp })
}

const refusedName = (
  turn: Turn,
  of: { readonly record: EntityRecord; readonly words: BindingWords; readonly developerKey: Uint8Array },
): Failure | undefined => {
  const { record, words } = of
  const { claims } = turn.state
  const developer = developerIdOf(of.developerKey)
  if (words.handle !== '') {
    const holder = claims.holder(handleKey(words.handle))
    if (holder === undefined) return fail('developer_not_found', `nobody holds the handle ${words.handle.slice(0, 80)}`)
    if (holder !== developer) return fail('forbidden', `the handle ${words.handle} is held by another developer`)
  }
  const holder = claims.holder(fullNameKey(developer, words.name))
  return holder === undefined || holder === record.id
    ? undefined
    : fail('conflict_duplicate_name', `the name ${words.name} is held by ${holder}`, { holder })
}

/** Whether the developer said the very same before: then nothing changes, and nothing is announced. */
const isBound = ({ binding }: EntityRecord, words: BindingWords): boolean => {
  const said = binding?.versions.at(-1)
  return (
    binding?.name === words.name &&
    said?.version === words.version &&
    said.capabilityTags.join('\n') === words.capabilityTags.join('\n')
  )
}
