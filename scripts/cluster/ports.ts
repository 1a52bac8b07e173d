import { createServer } from 'node:net'

/** Those of the ports that something already listens on. */
export async function busyPorts(ports: readonly number[]): Promise<number[]> {
  const busy = await Promise.all(ports.map(isBusy))
  return ports.filter((_, index) => busy[index])
}

function isBusy(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(true)
      else reject(new Error(`port ${port} cannot be used: ${error.message}`, { cause: error }))
    })
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(false)))
  })
}
