/**
 * Every seed that ever broke a rule, with what it showed. They run in `npm test`. What a seed draws changes with faults and
 * workload, so whatever they showed has a directed test besides.
 */
export interface Pinned {
  readonly seed: string
  /** What went wrong. */
  readonly found: string
}

export const PINNED: readonly Pinned[] = [
  {
    seed: '58',
    found: 'a claim of a handle that was held already was taken for an act that wrote something: the checker’s fault',
  },
  { seed: '38', found: 'a node whose clock was wrong at its start kept stamps that its peers refused (M4)' },
  { seed: '42', found: 'the same in a history of short times' },
  { seed: '200', found: 'a bare grave was believed where it must prove nothing (T3)' },
  {
    seed: '1075',
    found: 'a bare grave was believed over a held tombstone, and would have ended a later registration (T3)',
  },
  {
    seed: '542',
    found: 'a copy of a filter was asked for what had moved to its node 0.2 s before (F2): the checker’s fault',
  },
  {
    seed: '20085',
    found:
      'timers waited in an inbox that was full while a disk refused: within their room, and the checker knew of none',
  },
  {
    seed: '30050',
    found:
      'a node that had been paused took what its peer’s clock read minutes ago for agreement with a clock set back (L4)',
  },
  {
    seed: '30897',
    found:
      'a false grave waited for a paused node until the rule no longer refused it (T3): the fault of the liar’s manners',
  },
  {
    seed: '31407',
    found:
      'a disk that was slow for less than a second held up the answer to a beat, whose term runs from its acceptance (L3): the checker’s fault',
  },
  {
    seed: '42185',
    found:
      'a goodbye had been taken, and its answer still waited for a disk, when the entity was asked after (I3): the checker’s fault',
  },
  {
    seed: '42410',
    found:
      'a claim waited with the news of itself, and was a repetition when its turn came (N1): the checker took it for a write',
  },
  {
    seed: '41292',
    found:
      'a grave was refused as unproven for good, since each sync in which it was refused counted as a recent one (T3)',
  },
  { seed: '42979', found: 'the same of a developer, where every disk had been set back to before the death (T2, T3)' },
  {
    seed: '50096',
    found: 'a node that was away wrote before it started, and did not start where the disk refused (T2)',
  },
]
