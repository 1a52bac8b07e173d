/** Many at once: registrations signed beforehand, and calls a few dozen at a time. */
import { call, type Reply, ZyndAgent } from './zynd-agent.ts'

export interface Registration {
  readonly id: string
  readonly body: string
}

export const agentsCalled = (prefix: string, count: number): ZyndAgent[] =>
  Array.from({ length: count }, (_, number) => new ZyndAgent(`${prefix}-${number}`))

export const signRegistrations = (prefix: string, count: number): Registration[] =>
  agentsCalled(prefix, count).map((agent) => ({ id: agent.id, body: agent.registration() }))

/** Works on `items` in order, `concurrency` at a time; stops handing out once `isOver` says so. */
export const inParallel = async <T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
  isOver: () => boolean = () => false,
): Promise<void> => {
  const left = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (isOver()) return
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

/** Registers all and returns what was not answered with 201. */
export const registerAll = async (url: string, registrations: readonly Registration[]): Promise<Reply[]> => {
  const refused: Reply[] = []
  await inParallel(registrations, 50, async ({ body }) => {
    const reply = await call(`${url}/v1/entities`, { method: 'POST', body })
    if (reply.status !== 201) refused.push(reply)
  })
  return refused
}

/** Every registered entity that a node lists, by id. */
export const listed = async (url: string): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> => {
  const found = new Map<string, Readonly<Record<string, unknown>>>()
  for (let offset = 0; ; ) {
    const { status, body } = await call(`${url}/v1/entities?limit=500&offset=${offset}`)
    if (status !== 200 || !Array.isArray(body.entities)) throw new Error(`${status}: ${JSON.stringify(body)}`)
    for (const entity of body.entities) found.set(String(entity.entity_id), entity)
    offset += body.entities.length
    if (body.has_more !== true) return found
  }
}
