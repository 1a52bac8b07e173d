/**
 * The container test, on a real engine. First docker-compose.yml as it is shipped: builds the image, starts everything,
 * looks in from the host, takes a node away and brings it back. Then faults on the same containers, with a network and an
 * address more for each node (faults.yml). Removes what it started.
 *
 *   node scripts/bootstrap.mjs test/compose/main.ts
 *
 * It has a project, an image name and ports of its own, so that it neither meets nor harms a cluster that runs on the same
 * engine. The last line is `tests: N passed, N failed, N skipped`.
 */

import { Compose } from './compose.ts'
import { faultChecks } from './fault-checks.ts'
import { NODES } from './nodes.ts'
import { runChecks } from './run-checks.ts'
import { shippedChecks } from './shipped.ts'
import { World } from './world.ts'

const REMOVE_MS = 60_000

const shipped = await Compose.create(NODES)
const faulty = shipped.with('test/compose/faults.yml')

if (shipped.engineAnswers()) {
  const world = new World(faulty)
  const failed = await runChecks([...shippedChecks(shipped), ...faultChecks(world)], {
    onFailure: () => faulty.showLogs(),
    always: async () => {
      await world.stop()
      await faulty.remove(REMOVE_MS)
    },
  })
  process.exitCode = failed === 0 ? 0 : 1
} else {
  console.log('not ok no Docker engine answers; start one, or name it in DOCKER_HOST')
  console.log('tests: 0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}
