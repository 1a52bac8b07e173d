/** What each node says of the entities, and how that is put on the screen. */

const ASK_MS = 900
const DEFAULT_COLUMNS = 120
const DEFAULT_ROWS = 40

/** What one node says: the status of each entity by id, and whether it sees every node alike. */
export type NodeReport = {
  entities: ReadonlyMap<string, { name: string; status: string }>
  converged: boolean
  reasons: readonly string[]
}

/** Asks one node; undefined when it does not answer. */
export async function askNode(url: string): Promise<NodeReport | undefined> {
  try {
    const [search, cluster] = await Promise.all([
      askJson(`${url}/v1/search?status=any&limit=100`),
      askJson(`${url}/v1/cluster`),
    ])
    return toReport(search, cluster)
  } catch (error) {
    // A node that is starting, stopping or dead does not answer: that is what its column then shows.
    if (error instanceof Error) return undefined
    throw error
  }
}

async function askJson(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  const body: unknown = await answer.json()
  if (!isObject(body)) throw new Error(`${url} answered no object`)
  return body
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function toReport(search: Record<string, unknown>, cluster: Record<string, unknown>): NodeReport {
  const results = Array.isArray(search.results) ? search.results.filter(isObject) : []
  const reasons = Array.isArray(cluster.reasons) ? cluster.reasons.map(String) : []
  const entities = new Map(
    results.map(({ entity_id, name, status }) => [String(entity_id), { name: String(name), status: String(status) }]),
  )
  return { entities, converged: cluster.converged === true, reasons }
}

/** True once at least `count` entities are active on every node. */
export function areActiveEverywhere(reports: readonly (NodeReport | undefined)[], count: number): boolean {
  return reports.every((report) => {
    const active = [...(report?.entities.values() ?? [])].filter(({ status }) => status === 'active')
    return active.length >= count
  })
}

/** The table as lines: one for each entity, one column for each node, and last whether they agree. */
export function tableLines(nodes: readonly string[], reports: readonly (NodeReport | undefined)[]): string[] {
  const names = new Map<string, string>()
  for (const report of reports) for (const [id, { name }] of report?.entities ?? []) names.set(id, name)
  const rows = [...names]
    .sort(([, a], [, b]) => a.localeCompare(b, undefined, { numeric: true }))
    .map(([id, name]) => [name, shortId(id), ...reports.map((report) => cell(report, id))])
  const table = [['entity', 'id', ...nodes], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...lines, agreement(reports)]
}

const shortId = (id: string): string => (id.length > 20 ? `${id.slice(0, 16)}…` : id)

function cell(report: NodeReport | undefined, id: string): string {
  if (report === undefined) return '?'
  return report.entities.get(id)?.status ?? '–'
}

function agreement(reports: readonly (NodeReport | undefined)[]): string {
  const silent = reports.filter((report) => report === undefined).length
  if (silent > 0) return `${silent} of ${reports.length} nodes do not answer`
  if (reports.every((report) => report?.converged)) return 'all nodes agree'
  const reasons = new Set(reports.flatMap((report) => report?.reasons ?? []))
  return `nodes differ${reasons.size === 0 ? '' : `: ${[...reasons].join('; ')}`}`
}

export type ScreenOutput = { isTTY?: boolean; columns?: number; rows?: number; write: (text: string) => unknown }

/** Puts lines on the screen: in place on a terminal, else only those that are new since the last time. */
export class Screen {
  readonly #out: ScreenOutput
  #lines: readonly string[] = []
  /** How many lines of the terminal they take. */
  #height = 0

  constructor(out: ScreenOutput) {
    this.#out = out
  }

  draw(lines: readonly string[]): void {
    const before = this.#lines
    this.#lines = lines
    if (this.#out.isTTY === true) {
      this.#redraw('')
      return
    }
    const fresh = lines.filter((line) => !before.includes(line))
    if (fresh.length > 0) this.#out.write(`${fresh.join('\n')}\n`)
  }

  /** Writes a line that stays: above the table, which is drawn anew beneath it. */
  say(line: string): void {
    if (this.#out.isTTY === true) this.#redraw(`${line}\n`)
    else this.#out.write(`${line}\n`)
  }

  /** Goes back to the first line shown, clears from there, and writes `above` and the lines. */
  #redraw(above: string): void {
    const erase = this.#height === 0 ? '' : `\u001b[${this.#height}A\u001b[J`
    const shown = this.#fit(this.#lines)
    this.#height = shown.length
    this.#out.write(`${erase}${above}${shown.map((line) => `${line}\n`).join('')}`)
  }

  /** What the terminal can show without wrapping or scrolling, or going back up would miss the first line. */
  #fit(lines: readonly string[]): readonly string[] {
    // A terminal that does not know its size says 0.
    const columns = this.#out.columns || DEFAULT_COLUMNS
    const rows = this.#out.rows || DEFAULT_ROWS
    const cut = lines.map((line) => (line.length < columns ? line : `${line.slice(0, columns - 2)}…`))
    if (cut.length < rows) return cut
    return [...cut.slice(0, rows - 3), `… ${cut.length - rows + 2} more lines`, ...cut.slice(-1)]
  }
}
