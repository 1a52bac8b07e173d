/** The pages of docs/ that are made from the code, by their path. */
import { renderCli } from './cli.ts'
import { renderErrors } from './errors.ts'
import { renderMetrics } from './metrics.ts'
import { renderOpenapi } from './openapi.ts'

export const madePages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/cli.md': renderCli,
  'docs/errors.md': renderErrors,
  'docs/metrics.md': renderMetrics,
  'docs/openapi.json': renderOpenapi,
}
