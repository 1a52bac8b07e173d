/** Rules broken inside a node: methods of its own state replaced. */

import type { EntityId } from '@rollcall/protocol'
import type { RuntimeInside } from '@rollcall/runtime'
import type { Mutation } from './mutation.ts'

type State = RuntimeInside['state']

export const forgottenGraves: Mutation = {
  name: 'forgotten graves',
  breaks: 'A node that purged a tombstone no longer knows of the death (T3).',
  caughtBy: 'no-resurrection',
  seed: '14',
  plan: { profile: 'fast', nodes: 3, stormMs: 600_000, faults: { away: { everyMs: 90_000, lastsMs: 60_000 } } },
  inside: ({ state }) => {
    const get = state.holdings.get.bind(state.holdings)
    state.holdings.get = (id: EntityId) => {
      const holding = get(id)
      return holding?.entry.kind === 'grave' ? undefined : holding
    }
  },
}

export const deafToVerdicts: Mutation = {
  name: 'deaf to verdicts',
  breaks: 'A node does not heed the verdicts on itself, and so never announces again what they cover (L6).',
  caughtBy: 'no-false-inactive',
  seed: '1',
  plan: { profile: 'default', faults: { pause: { everyMs: 600_000, lastsMs: 600_000 } } },
  inside: ({ state }) => {
    Object.defineProperty(state, 'reaffirmUpTo', { get: () => undefined, set: () => undefined })
  },
}

export const noTermForLearnt: Mutation = {
  name: 'no term for the learnt',
  breaks: 'A node that learns that it attends an entity runs no deadline for it (L3).',
  caughtBy: 'right-in-the-end',
  seed: '5',
  plan: { profile: 'fast', stormMs: 100_000, faults: { wipe: { everyMs: 20_000, lastsMs: 1_000 } } },
  inside: ({ state }) => {
    const grant = state.leases.grant.bind(state.leases)
    state.leases.grant = (id, deadlineMs) => {
      if (state.holdings.get(id)?.beat !== undefined) grant(id, deadlineMs)
    }
  },
}

export const lateTicks: Mutation = {
  name: 'late ticks',
  breaks: 'Deadlines are looked at every five seconds only (L3).',
  caughtBy: 'detection-time',
  seed: '1',
  plan: { profile: 'default' },
  settings: (settings) => ({ ...settings, tickMs: 5_000 }),
}

export const hastyThreshold: Mutation = {
  name: 'hasty threshold',
  breaks: 'One node ends entities after half of the threshold.',
  caughtBy: 'detection-time',
  seed: '1',
  settings: (settings, node) => (node.index === 0 ? { ...settings, thresholdMs: settings.thresholdMs / 2 } : settings),
}

export const staleIndex: Mutation = {
  name: 'stale index',
  breaks: 'Search is not told when an entity falls silent or comes back.',
  caughtBy: 'search-is-state',
  seed: '1',
  inside: ({ projection }) => {
    projection.index.setStatus = () => undefined
  },
}

export const theDeadInTheIndex: Mutation = {
  name: 'the dead in the index',
  breaks: 'What was deregistered stays in the search index, hidden but counted.',
  caughtBy: 'search-is-state',
  seed: '1',
  inside: ({ projection }) => {
    projection.index.remove = () => undefined
  },
}

export const staleFilter: Mutation = {
  name: 'stale filter',
  breaks: 'A new activation is not added to the filter at once.',
  caughtBy: 'filters-hold-all',
  seed: '1',
  inside: ({ filters }) => {
    filters.add = () => undefined
  },
}

export const boundlessInbox: Mutation = {
  name: 'boundless inbox',
  breaks: 'The inbox takes whatever comes while the disk is slow.',
  caughtBy: 'bounded',
  seed: '1',
  plan: { agents: 40, settings: { inboxMax: 8 }, faults: { diskRefuses: { everyMs: 300_000, lastsMs: 300_000 } } },
  settings: (settings) => ({ ...settings, inboxMax: 1_000_000 }),
}

export const sloppyDigest: Mutation = {
  name: 'sloppy digest',
  breaks: 'An item that was replaced stays in the digest.',
  caughtBy: 'derived-state',
  seed: '1',
  inside: ({ state }) => {
    state.items.remove = () => true
  },
}

export const repeatedStamp: Mutation = {
  name: 'repeated stamp',
  breaks: 'Every fiftieth stamp is issued twice.',
  caughtBy: 'stamps-once',
  seed: '1',
  inside: ({ state }) => {
    const issue = state.hybrid.issue.bind(state.hybrid)
    let issued = 0
    let last: ReturnType<State['hybrid']['issue']> | undefined
    state.hybrid.issue = (nowMs) => {
      last = last !== undefined && ++issued % 50 === 0 ? last : issue(nowMs)
      return last
    }
  },
}

export const uncountedBeats: Mutation = {
  name: 'uncounted beats',
  breaks: 'Every tenth outcome of a beat is not counted.',
  caughtBy: 'one-outcome',
  seed: '1',
  inside: (_, node) => {
    const { beats } = node.metrics
    const set = beats.set.bind(beats)
    let counted = 0
    beats.set = (outcome, count) => (++counted % 10 === 0 ? beats : set(outcome, count))
  },
}

export const throwingStep: Mutation = {
  name: 'throwing step',
  breaks: 'A step throws when an entity is deregistered.',
  caughtBy: 'no-internal-error',
  seed: '1',
  inside: ({ state }) => {
    const show = state.show.bind(state)
    state.show = (holding) => {
      if (holding.entry.kind === 'tombstone') throw new Error('a step that throws')
      return show(holding)
    }
  },
}

export const STATE_MUTATIONS: readonly Mutation[] = [
  forgottenGraves,
  deafToVerdicts,
  noTermForLearnt,
  lateTicks,
  hastyThreshold,
  staleIndex,
  theDeadInTheIndex,
  staleFilter,
  boundlessInbox,
  sloppyDigest,
  repeatedStamp,
  uncountedBeats,
  throwingStep,
]
