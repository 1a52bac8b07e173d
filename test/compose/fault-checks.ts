/** The faults, in the order in which the one cluster goes through them. */

import type { Compose } from './compose.ts'
import { killedBriefly, killedForLong, paused } from './faults/kill-and-pause.ts'
import { oldCopy } from './faults/old-copy.ts'
import { partition } from './faults/partition.ts'
import { restartAll } from './faults/restart-all.ts'
import { rollingRestart } from './faults/rolling-restart.ts'
import { wiped } from './faults/wiped.ts'
import type { Check } from './run-checks.ts'
import type { World } from './world.ts'

const UP_MS = 120_000

/** Times under which a fault outlasts the threshold within a test. Variables of faults.yml, in seconds. */
export const SHORT_TIMES: Readonly<Record<string, string>> = {
  ROLLCALL_TEST_INTERVAL_SECONDS: '2',
  ROLLCALL_TEST_THRESHOLD_SECONDS: '15',
  ROLLCALL_TEST_SKEW_SECONDS: '2',
  ROLLCALL_TEST_GRACE_SECONDS: '5',
}
const SHORT_THRESHOLD_MS = 15_000

const up = (name: string, compose: Compose, world: World): Check => ({
  name,
  run: async () => {
    await compose.run(['up', '-d'], UP_MS)
    await world.settled()
  },
})

const faultsOf =
  (world: World) =>
  (name: string, run: () => Promise<string>): Check => ({
    name,
    isAlone: true,
    run: async () => {
      const measured = await run()
      await world.retire()
      return measured
    },
  })

/** `short` describes the same containers as the compose of the world, with `SHORT_TIMES`. */
export const faultChecks = (world: World, short: Compose): readonly Check[] => {
  const fault = faultsOf(world)
  return [
    up('the nodes come up with a network more', world.compose, world),
    fault('S1, G5, M2, M3, T1: both sides of a cut of 60 s write; joined, they lack nothing acknowledged', () =>
      partition(world, { cutMs: 60_000, outlastsThreshold: false }),
    ),
    fault('L5, T3: all nodes restarted at once, twice, know what they knew', () => restartAll(world)),
    fault('S1, T3: a node whose store was wiped has everything again, and revives nothing', () =>
      wiped(world, 'store'),
    ),
    fault('S1, T3: a node with an old copy of its store revives nothing and rolls nothing back', () => oldCopy(world)),
    up('the nodes come up with short times', short, world),
    fault('L6, L7, M3: joined after a cut beyond the threshold, everybody who beats is active everywhere', () =>
      partition(world, { cutMs: 25_000, outlastsThreshold: true }),
    ),
    fault('L5, L7: nobody is shown inactive while the nodes are restarted one after the other', () =>
      rollingRestart(world, SHORT_THRESHOLD_MS),
    ),
    fault('L5: a node that is killed and started again loses nobody and nothing', () => killedBriefly(world)),
    fault('L6, L7: who beat at a node that stays dead is active elsewhere, or again once it is back', () =>
      killedForLong(world, SHORT_THRESHOLD_MS),
    ),
    fault('L4, L6: nobody dies on a node that was suspended', () => paused(world, SHORT_THRESHOLD_MS)),
    fault('S4, T3: a node whose volume was wiped is a new one, and has everything', () => wiped(world, 'volume')),
  ]
}
