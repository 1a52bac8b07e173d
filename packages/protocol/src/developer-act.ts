/**
 * What Zynd's clients sign of developers, handles and names (zynd-wire S4, S6, S9, S10, S11). The JavaScript canonical form is
 * tried before the one that Go's `json.Marshal` writes, because both kinds of clients exist.
 */
import type { Act, ActContent } from './act.ts'
import { canonicalJson, goEscaped, type Json, type JsonObject } from './canonical-json.ts'
import { parseFqan } from './names.ts'
import { fail, ok, type Result } from './result.ts'
import { utf8 } from './text.ts'

/** The byte strings of which one must be covered. */
export const zyndDeveloperMessages = (
  kind: 'register_developer' | 'claim_handle' | 'bind_name',
  body: JsonObject,
): readonly Uint8Array[] =>
  signables(kind, body).flatMap((signable) => {
    const canonical = canonicalJson(signable)
    const escaped = goEscaped(canonical)
    return escaped === canonical ? [utf8(canonical)] : [utf8(canonical), utf8(escaped)]
  })

const signables = (kind: 'register_developer' | 'claim_handle' | 'bind_name', body: JsonObject): JsonObject[] => {
  const text = (key: string): Json => body[key] ?? ''
  switch (kind) {
    case 'register_developer':
      return [
        {
          github: text('github'),
          name: text('name'),
          profile_url: text('profile_url'),
          public_key: text('public_key'),
        },
      ]
    case 'claim_handle':
      return [{ developer_id: text('developer_id'), handle: text('handle'), public_key: text('public_key') }]
    case 'bind_name': {
      const tags = body.capability_tags ?? null
      // The TypeScript SDK leaves an empty list out of the body, and signs `null` or `[]`.
      const isEmpty = tags === null || (Array.isArray(tags) && tags.length === 0)
      return (isEmpty ? [null, []] : [tags]).map((capability_tags) => ({
        capability_tags,
        developer_handle: text('developer_handle'),
        entity_id: text('entity_id'),
        entity_name: text('entity_name'),
        version: text('version'),
      }))
    }
  }
}

const RELEASE = 'release:'

/** What a release of a handle (S10) or of a name (S11) signs, and is kept as. */
export const releaseText = (what: string): string => RELEASE + what

/** What a release says: `handle`, or `entity_name` of the full name it spells. */
export const releaseContent = (act: Act): Result<ActContent> => {
  const what = act.text.startsWith(RELEASE) ? act.text.slice(RELEASE.length) : undefined
  if (what === undefined) return fail('malformed', 'a release signs "release:" and what it releases')
  if (act.kind === 'release_handle') return ok({ body: { handle: what } })
  const fqan = parseFqan(what)
  if (fqan === undefined) return fail('malformed', 'a release of a name signs "release:" and the full name')
  return ok({ body: { developer_handle: fqan.handle, entity_name: fqan.name } })
}
