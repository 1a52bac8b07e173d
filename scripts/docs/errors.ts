/** docs/errors.md, from the tables that node, client and command use. */
import { CLIENT_ERRORS } from '@rollcall/client'
import { BEAT_OUTCOMES, CLOSE_CODES, ERRORS, type ErrorSpec } from '@rollcall/protocol'
import { table } from './table.ts'

const HEAD = `# Errors

<!-- Written by scripts/make-docs.ts from packages/protocol/src/errors.ts: change the tables there, not this file. -->

Every refusal of the API has the shape \`{"error": code, "message": sentence, "request_id": id, "details": …}\`. The code never
changes its meaning; the sentence may. The request id is also in the header X-Request-Id and in the log of the node. Where
waiting helps, Retry-After says how many seconds.

The command \`rollcall\` ends with the exit code of the error: 1 failed, 2 usage, 3 not found, 4 refused, 5 unreachable.
_Retry_ says whether the same request may succeed later, or at another node, without being changed.
`

/** Reasons of a close that have another name than the error which means the same. */
const CLOSES: Readonly<Record<string, { readonly code: number }>> = {
  ...CLOSE_CODES,
  entity_deregistered: CLOSE_CODES.deregistered,
  payload_too_large: CLOSE_CODES.frame_too_large,
  internal_error: CLOSE_CODES.internal,
  node_not_ready: CLOSE_CODES.going_away,
}

const rowOf = ([code, spec]: readonly [string, ErrorSpec]): readonly string[] => [
  `\`${code}\``,
  spec.http === 0 ? '–' : String(spec.http),
  String(CLOSES[code]?.code ?? '–'),
  String(spec.exit),
  spec.retryable ? 'yes' : 'no',
  spec.meaning,
  spec.remedy,
]

const errorTable = (errors: Readonly<Record<string, ErrorSpec>>): string =>
  table(['code', 'HTTP', 'close', 'exit', 'retry', 'meaning', 'remedy'], Object.entries(errors).map(rowOf))

const closeTable = (): string =>
  table(
    ['code', 'reason', 'come back', 'meaning'],
    Object.entries(CLOSE_CODES).map(([reason, { code, final, meaning }]) => [
      String(code),
      `\`${reason}\``,
      final ? 'no' : 'yes',
      meaning,
    ]),
  )

export const renderErrors = (): string => `${HEAD}
## What a node answers

${errorTable(ERRORS)}

## What only a client can find out

No node sends these; the client and the command report them.

${errorTable(CLIENT_ERRORS)}

## Close codes of the heartbeat sockets

A socket is never closed without one of these codes and its reason. _Come back_ says whether the client should connect again
with the same session.

${closeTable()}

## Outcomes of a heartbeat

Each heartbeat ends in exactly one of these, counted as \`rollcall_heartbeats_total{outcome}\`:
${BEAT_OUTCOMES.map((outcome) => `\`${outcome}\``).join(', ')}.
`
