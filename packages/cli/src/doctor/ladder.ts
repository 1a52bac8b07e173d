/**
 * The ladder that `rollcall doctor` climbs, from the name of the registry up to an entity that others see active. A rung
 * stands on those below it: where one of them failed it is skipped, because nothing was checked.
 */
export const RUNGS = [
  'dns',
  'tcp',
  'tls',
  'http',
  'clock',
  'websocket',
  'hello',
  'beat',
  'record',
  'status',
  'second_node',
  'key',
] as const
export type RungName = (typeof RUNGS)[number]

export type Finding =
  | { readonly result: 'ok'; readonly detail: string }
  /** `exit`: the exit code that this failure stands for. */
  | { readonly result: 'fail'; readonly cause: string; readonly remedy: string; readonly exit: number }
  /** `blocks`: what stands on this rung has nothing to stand on. */
  | { readonly result: 'skipped'; readonly cause: string; readonly blocks: boolean }

export type Rung = Finding & { readonly rung: RungName }

export const found = (detail: string): Finding => ({ result: 'ok', detail })
export const failed = (cause: string, remedy: string, exit: number): Finding => ({
  result: 'fail',
  cause,
  remedy,
  exit,
})
/** There is nothing to check here, and nothing above misses it. */
export const needless = (cause: string): Finding => ({ result: 'skipped', cause, blocks: false })
/** It could not be checked, nor can what stands on it. */
export const unchecked = (cause: string): Finding => ({ result: 'skipped', cause, blocks: true })

export interface Step {
  readonly rung: RungName
  readonly on: readonly RungName[]
  readonly check: () => Promise<Finding>
}

/** Climbs as far as it holds; tells each rung as it is known. */
export const climb = async (steps: readonly Step[], tell: (rung: Rung) => void): Promise<readonly Rung[]> => {
  const rungs: Rung[] = []
  for (const { rung, on, check } of steps) {
    const missing = rungs.find((below) => on.includes(below.rung) && !carries(below))
    const finding = missing === undefined ? await check() : unchecked(`${missing.rung}: ${whyNot(missing)}`)
    rungs.push({ rung, ...finding })
    tell({ rung, ...finding })
  }
  return rungs
}

const carries = (rung: Rung): boolean => rung.result === 'ok' || (rung.result === 'skipped' && !rung.blocks)

const whyNot = (rung: Rung): string => (rung.result === 'fail' ? 'failed' : 'not checked')
