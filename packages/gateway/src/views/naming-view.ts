/** Developers, handles and names as JSON, with the fields that Zynd's clients read (zynd-wire.md §4.3). */
import type { DeveloperView, EntityView } from '@rollcall/core'
import {
  actsOf,
  developerIdOfProof,
  type Fqan,
  formatKey,
  formatSignature,
  formatStamp,
  isJsonObject,
  type Json,
  parseFqan,
} from '@rollcall/protocol'
import { isoTime, registryId } from './entity-view.ts'
import type { BindingJson, DeveloperJson, VersionJson } from './naming-schemas.ts'

/** Nothing but the developer's key vouches for a handle here. */
const VERIFICATION = { verified: false, method: 'none' } as const

export const developerJson = (view: DeveloperView): DeveloperJson => {
  const { id, profile, record, handle, handleConflict, since, stamp } = view
  const registeredAt = isoTime(since.wallMs)
  return {
    developer_id: id,
    name: profile.name,
    public_key: formatKey(view.publicKey),
    profile_url: profile.profileUrl,
    github: profile.github,
    home_registry: registryId(since.node),
    origin: record === undefined ? 'derived' : 'own',
    ...(handle === undefined ? {} : { dev_handle: handle }),
    dev_handle_verified: VERIFICATION.verified,
    verification_method: VERIFICATION.method,
    ...(handleConflict === undefined
      ? {}
      : {
          handle_error: `conflict_duplicate_name: the handle ${handleConflict.handle} is held by ${handleConflict.holder}`,
        }),
    entity_count: view.entities,
    registered_at: registeredAt,
    created_at: registeredAt,
    updated_at: isoTime(stamp.wallMs),
    stamp: formatStamp(stamp),
  }
}

export const handleJson = (handle: string, view: DeveloperView) => ({
  handle,
  developer_id: view.id,
  developer_name: view.profile.name,
  verified: VERIFICATION.verified,
  verification_method: VERIFICATION.method,
})

/** The full name that an entity holds, in its parts; undefined where it holds none. */
export const heldName = (view: EntityView): (Fqan & { readonly text: string }) | undefined => {
  const parts = view.fqan === undefined ? undefined : parseFqan(view.fqan)
  return view.fqan === undefined || parts === undefined ? undefined : { ...parts, text: view.fqan }
}

/** The binding of a name that an entity holds. Throws where it holds none: its callers looked it up by that name. */
export const bindingJson = (view: EntityView): BindingJson => {
  const held = heldName(view)
  const { record } = view
  const { binding } = record
  if (held === undefined || binding === undefined) throw new Error(`${view.id} holds no name`)
  const registration = actsOf(record)[0]
  const signature = binding.versions.at(-1)?.signature ?? registration?.signature
  return {
    fqan: held.text,
    entity_name: held.name,
    developer_handle: held.handle,
    registry_host: held.host,
    entity_id: view.id,
    developer_id: developerIdOf(view),
    current_version: binding.version,
    capability_tags: [...binding.capabilityTags],
    registered_at: isoTime(binding.claim.wallMs),
    updated_at: isoTime(record.stamp.wallMs),
    signature: signature === undefined ? '' : formatSignature(signature),
  }
}

/** Newest first. A name that the registration alone set has one version, the one it registered. */
export const versionsJson = (view: EntityView): VersionJson[] => {
  const { fqan, current_version, registered_at, signature } = bindingJson(view)
  const versions = view.record.binding?.versions ?? []
  const of = { fqan, entity_id: view.id }
  if (versions.length === 0) {
    return [{ ...of, version: current_version, capability_tags: [], registered_at, signature, current: true }]
  }
  return [...versions].reverse().map((one, i) => ({
    ...of,
    version: one.version,
    capability_tags: [...one.capabilityTags],
    registered_at: one.issuedAtMs === undefined ? null : isoTime(one.issuedAtMs),
    signature: formatSignature(one.signature),
    current: i === 0,
  }))
}

export const resolvedJson = (view: EntityView) => {
  const binding = bindingJson(view)
  const { fqan, entity_id, developer_id, developer_handle, registry_host } = binding
  return {
    fqan,
    entity_id,
    developer_id,
    developer_handle,
    registry_host,
    version: binding.current_version,
    entity_url: view.record.profile.url,
    public_key: formatKey(view.record.publicKey),
    protocols: protocolsOf(view.record.profile.capabilitySummary),
    trust_score: 0,
    verification_tier: 'self-announced',
    status: view.status,
  }
}

const developerIdOf = ({ record }: EntityView): string => {
  const proof = record.profile.developerProof
  return proof === undefined ? '' : developerIdOfProof(proof)
}

const protocolsOf = (summary: Json | undefined): string[] => {
  const protocols = isJsonObject(summary) ? summary.protocols : undefined
  return Array.isArray(protocols) ? protocols.filter((one): one is string => typeof one === 'string') : []
}
