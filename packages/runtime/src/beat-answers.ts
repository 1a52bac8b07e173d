import type { BeatAnswer } from '@rollcall/core'
import type { BeatOutcome } from '@rollcall/protocol'

/** What a client is told of each outcome (L9). */
export const BEAT_ANSWERS: Record<
  BeatOutcome,
  { readonly error?: BeatAnswer['error'] & string; readonly message: string }
> = {
  accepted: { message: 'accepted' },
  duplicate: { message: 'this beat was accepted before' },
  stale: { error: 'stale_heartbeat', message: 'a newer beat of this entity is known' },
  skew: { error: 'clock_skew', message: 'the time of the beat is too far from the clock of this node' },
  signature_invalid: { error: 'signature_invalid', message: 'the beat is not signed by the registered key' },
  malformed: { error: 'malformed', message: 'the beat cannot be read' },
  not_found: { error: 'entity_not_found', message: 'no entity with this id is registered' },
  deregistered: { error: 'entity_deregistered', message: 'the entity was deregistered by its owner' },
  rate_limited: { error: 'rate_limited', message: 'this node has more waiting than it takes' },
  storage_error: {
    error: 'storage_unavailable',
    message: 'this node could not take the beat; the next one may go to another node',
  },
}
