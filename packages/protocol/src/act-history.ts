/** Which acts a record keeps: what still shows of it, and no more, so that a record stays small whatever its past. */
import type { Act } from './act.ts'

/**
 * `acts` with `latest` added, without those of which no field shows any more. `fieldsOf` names what an act sets; `isKept`
 * says which acts stay for another reason, and is asked from the newest to the oldest.
 */
export const showingActs = (
  acts: readonly Act[],
  latest: Act,
  rule: { readonly fieldsOf: (act: Act) => readonly string[]; readonly isKept: (act: Act) => boolean },
): readonly Act[] => {
  const shown = new Set<string>()
  const kept: Act[] = []
  for (const act of [...acts, latest].reverse()) {
    const fields = rule.fieldsOf(act)
    const staysAnyway = rule.isKept(act)
    if (staysAnyway || fields.some((field) => !shown.has(field))) kept.push(act)
    for (const field of fields) shown.add(field)
  }
  return kept.reverse()
}
