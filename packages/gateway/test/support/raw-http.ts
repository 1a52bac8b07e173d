/** HTTP by hand, for what a proper client does not send. */
import { connect } from 'node:net'
import { within } from './within.ts'

/** Writes bytes and resolves with all that came back until the server closed, or `until` was seen. */
export const rawExchange = (port: number, bytes: string | Buffer, until?: RegExp): Promise<string> =>
  within(
    'an answer on a raw socket',
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (until?.test(text)) {
          socket.destroy()
          resolve(text)
        }
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(text))
      socket.write(bytes)
    }),
  )

/** Sends a whole request before it reads a byte of the answer, as simple clients do. Fails where the connection breaks. */
export const writeThenRead = (port: number, requestLine: string, body: Buffer): Promise<string> =>
  within(
    'an answer after the whole body',
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (!text.endsWith('}')) return
        socket.destroy()
        resolve(text)
      })
      socket.pause()
      socket.write(`${requestLine} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`)
      socket.write(body, () => socket.resume())
    }),
  )
