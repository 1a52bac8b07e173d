/** The pages that a node serves, in Chromium: the key of the onboarding page is made there, and opened by who waited for it. */
import assert from 'node:assert/strict'
import { createDecipheriv, createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { Cluster } from '../e2e/support/node-process.ts'
import { browserMissing } from './page.ts'

const skip = browserMissing ?? false
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
let cluster: Cluster
let browser: Browser

before(async () => {
  if (skip !== false) return
  cluster = await Cluster.start(1)
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})

after(async () => {
  if (skip !== false) return
  await browser?.close()
  await cluster.stop()
})

test('in Chromium the onboarding page makes a key, and only the program that asked can open it', {
  skip,
}, async (t) => {
  const state = 'Zq-3_'.repeat(9)
  const program = createServer((request, response) => {
    response.end(request.url?.startsWith('/callback') === true ? 'done' : '')
  })
  program.listen(0, '127.0.0.1')
  await once(program, 'listening')
  t.after(() => {
    program.closeAllConnections()
    program.close()
  })
  const { port } = program.address() as AddressInfo
  const info = (await (await fetch(`${cluster.node(0).url}/v1/info`)).json()) as {
    developer_onboarding: { mode: string; auth_url: string }
  }
  assert.equal(info.developer_onboarding.mode, 'restricted')
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  const askedFor: string[] = []
  page.on('request', (request) => askedFor.push(request.url()))
  const called = page.waitForURL(/\/callback\?/)
  await page.goto(`${info.developer_onboarding.auth_url}?callback_port=${port}&state=${state}&name=Gr%C3%B6%C3%9Fe`)
  await called
  const query = new URL(page.url()).searchParams
  assert.deepEqual([new URL(page.url()).host, query.get('state')], [`127.0.0.1:${port}`, state])

  const bytes = Buffer.from(query.get('private_key_enc') ?? '', 'base64')
  const decipher = createDecipheriv('aes-256-gcm', createHash('sha256').update(state).digest(), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
  const seed = Buffer.from(text, 'base64')
  assert.equal(seed.length, 32)
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 32)
  assert.equal(query.get('developer_id'), `zns:dev:${id}`)
  const known = await fetch(`${cluster.node(0).url}/v1/developers/zns:dev:${id}`)
  assert.equal(((await known.json()) as { name: string }).name, 'Größe')
  const told = askedFor.filter((url) => !url.startsWith(`http://127.0.0.1:${port}/`))
  assert.ok(told.every((url) => !url.includes('private_key')))
  assert.deepEqual(complaints, [])
})

test('in Chromium the page of the API shows every operation, and finds one', { skip }, async () => {
  const { url } = cluster.node(0)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(`${url}/docs`)
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> }
  const operations = Object.values(paths).flatMap((methods) => Object.keys(methods)).length
  await page.waitForFunction((count) => document.querySelectorAll('details[id]').length === count, operations)
  await page.fill('#find', 'next_cursor')
  const shown = await page.evaluate(() =>
    [...document.querySelectorAll('details[id]:not([hidden])')].map(({ id }) => id),
  )
  assert.ok(shown.includes('post /v1/search') && !shown.includes('get /health'), shown.join())
  assert.deepEqual(complaints, [])
})
