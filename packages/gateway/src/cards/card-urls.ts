/** Where the card of an entity may lie, best guess first (zynd-wire.md §8). */
const WELL_KNOWN = ['/.well-known/agent-card.json', '/.well-known/zynd-agent.json', '/.well-known/agent.json'] as const

/** Addresses to try in this order; the first that answers with a card wins. Empty where the URL is none. */
export const cardUrls = (entityUrl: string): readonly URL[] => {
  if (!URL.canParse(entityUrl)) return []
  const url = new URL(entityUrl)
  url.hash = ''
  if (url.pathname.endsWith('.json') || url.pathname.includes('.well-known')) return [url]
  url.search = ''
  const base = url.href.replace(/\/+$/, '')
  return WELL_KNOWN.map((path) => new URL(base + path))
}
