/** How long ago an ISO time was, in words a person reads at a glance; `never` for none. */
export const ago = (iso: string | null | undefined, nowMs: number): string => {
  if (iso === null || iso === undefined) return 'never'
  const thenMs = Date.parse(iso)
  if (Number.isNaN(thenMs)) return iso
  const seconds = Math.round((nowMs - thenMs) / 1000)
  if (seconds < 0) return `in ${span(-seconds)}`
  return seconds < 1 ? 'now' : `${span(seconds)} ago`
}

const span = (seconds: number): string => {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
