import { SIMULTANEOUS_MS } from './settings.ts'

export interface OpenConnection {
  readonly direction: 'inbound' | 'outbound'
  readonly openedAtMs: number
}

/**
 * Which connections to one peer must go, now that `fresh` has opened beside the `older` ones.
 *
 * Two reasons make a second connection. Either both sides dialled at the same moment: then both must keep the same one,
 * and it is the one the smaller id dialled. Or the peer came back before its old connection was found dead (a power cut, a
 * blackholed link): then the old one must go at once, else gossipsub keeps its dead stream and stays deaf both ways for
 * good. Where both came from one side, only the side that was dialled judges, so that no two judgements cross.
 *
 * @param selfIsSmaller whether this node's id is the smaller of the two.
 */
export const superseded = <C extends OpenConnection>(fresh: C, older: readonly C[], selfIsSmaller: boolean): C[] => {
  const losers = new Set<C>()
  for (const old of older) {
    if (old.direction === fresh.direction) {
      if (fresh.direction === 'inbound') losers.add(old)
    } else if (fresh.openedAtMs - old.openedAtMs > SIMULTANEOUS_MS) {
      losers.add(old)
    } else {
      const kept = selfIsSmaller ? 'outbound' : 'inbound'
      losers.add(fresh.direction === kept ? old : fresh)
    }
  }
  return [...losers]
}
