/** The faults, in the order in which the one cluster goes through them. */

import { partition } from './faults/partition.ts'
import type { Check } from './run-checks.ts'
import type { World } from './world.ts'

const UP_MS = 120_000

export const faultChecks = (world: World): readonly Check[] => [
  {
    name: 'the nodes come up with a network more',
    run: async () => {
      await world.compose.run(['up', '-d'], UP_MS)
      await world.settled()
    },
  },
  {
    name: 'S1, G5, M2, M3, T1: both sides of a cut write; joined, they are equal and lack nothing acknowledged',
    isAlone: true,
    run: () => partition(world, { cutMs: 60_000, outlastsThreshold: false }),
  },
]
