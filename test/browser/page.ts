/** A page in Debian's Chromium that has loaded the client as a browser would: bundled, and from an origin of its own. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const CLIENT = fileURLToPath(new URL('../../packages/client/src/index.ts', import.meta.url))
const HTML = `<!doctype html><title>rollcall client</title><script type="module">
import * as client from '/client.js'
globalThis.rollcall = client
</script>`

/** Why no browser can be started here, if none can. */
export const browserMissing: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `${CHROMIUM} does not exist: install chromium, or name one in CHROMIUM`

export interface ClientPage {
  readonly page: Page
  /** Errors that nothing in the page caught. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

export const openClientPage = async (): Promise<ClientPage> => {
  const script = await bundle()
  const server = serve({ '/': ['text/html', HTML], '/client.js': ['text/javascript', script] })
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    server.closeAllConnections()
    server.close()
  }
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    // Chromium's sandbox refuses to start for root, as which containers and CI run.
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    const address = server.address()
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`)
    await page.waitForFunction(() => 'rollcall' in globalThis)
    return { page, complaints, close }
  } catch (error) {
    await close()
    throw error
  }
}

const bundle = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [CLIENT],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['@rollcall/source'],
  })
  return outputFiles[0]?.text ?? ''
}

const serve = (files: Readonly<Record<string, readonly [type: string, text: string]>>): Server =>
  createServer(({ url = '' }, response) => {
    const [type, text] = files[url] ?? []
    if (type === undefined) response.writeHead(204).end()
    else response.writeHead(200, { 'content-type': type }).end(text)
  })
