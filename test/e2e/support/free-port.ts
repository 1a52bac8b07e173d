/**
 * Ports that stay free while their node is down. The system hands out the numbers from 32 768 on (Linux) to everyone's
 * outgoing connections, so one of those may be gone when a node comes back to it; a lower one is taken by nobody unasked.
 */
import { createServer } from 'node:net'

const FIRST = 12_000
const COUNT = 20_000

export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
