/**
 * The container test, on a real engine. First docker-compose.yml as it is shipped: builds the image, starts everything,
 * looks in from the host, takes a node away and brings it back. Then faults on the same containers, with a network and an
 * address more for each node (faults.yml). Removes what it started.
 *
 *   node scripts/bootstrap.mjs test/compose/main.ts              everything
 *   node scripts/bootstrap.mjs test/compose/main.ts wiped L4     only the faults whose name contains one of these words
 *
 * It has a project, an image name and ports of its own, so that it neither meets nor harms a cluster that runs on the same
 * engine. The last line is `tests: N passed, N failed, N skipped`.
 */

import { Compose } from './compose.ts'
import { faultChecks, SHORT_TIMES } from './fault-checks.ts'
import { NODES } from './nodes.ts'
import { runChecks } from './run-checks.ts'
import { shippedChecks } from './shipped.ts'
import { World } from './world.ts'

const REMOVE_MS = 60_000

const shipped = await Compose.create(NODES)
const faulty = shipped.with('test/compose/faults.yml')
const short = shipped.with('test/compose/faults.yml', SHORT_TIMES)

if (shipped.engineAnswers()) {
  const world = new World(faulty)
  const wanted = process.argv.slice(2)
  const faults = faultChecks(world, short).filter(
    ({ name, isAlone }) => isAlone !== true || wanted.length === 0 || wanted.some((word) => name.includes(word)),
  )
  const failed = await runChecks([...shippedChecks(shipped), ...faults], {
    onFailure: () => faulty.showLogs(),
    always: async () => {
      try {
        await world.stop()
      } finally {
        await faulty.remove(REMOVE_MS)
      }
    },
  })
  process.exitCode = failed === 0 ? 0 : 1
} else {
  console.log('not ok no Docker engine answers; start one, or name it in DOCKER_HOST')
  console.log('tests: 0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}
