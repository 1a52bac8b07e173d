import { type EntityId, parseEntityId } from '@rollcall/protocol'
import { QUERY_SKILLS_MAX, QUERY_WORDS_MAX, VALUE_CHARS_MAX } from './limits.ts'
import { fqanKey } from './terms.ts'
import { queryTokens } from './tokenizer.ts'

/** How the text of a query is read. */
export type QueryText =
  | { readonly kind: 'browse' }
  /** The text is an entity id: the one with that id. */
  | { readonly kind: 'id'; readonly id: EntityId }
  /** Any of the words; `fqan` is the text as an FQAN, where it could be one. Text of signs alone has no words. */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly fqan: string | undefined }

export const readQueryText = (text: string): QueryText => {
  const trimmed = text.slice(0, VALUE_CHARS_MAX).trim()
  if (trimmed === '') return { kind: 'browse' }
  const id = parseEntityId(trimmed)
  if (id !== undefined) return { kind: 'id', id }
  return {
    kind: 'words',
    words: distinct(queryTokens(trimmed), QUERY_WORDS_MAX),
    fqan: trimmed.includes('/') ? fqanKey(trimmed) : undefined,
  }
}

/** The distinct words of a query's skills. */
export const readSkills = (skills: readonly string[]): string[] =>
  distinct(skills.slice(0, QUERY_SKILLS_MAX).flatMap(queryTokens), QUERY_SKILLS_MAX)

const distinct = (words: readonly string[], max: number): string[] => [...new Set(words)].slice(0, max)
