/** A node as a process of its own: `child-run.ts OPTIONS`, options as JSON. */
import { runNode } from '@rollcall/node'

process.exitCode = await runNode(JSON.parse(process.argv[2] ?? '{}'))
