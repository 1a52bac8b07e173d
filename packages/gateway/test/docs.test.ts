import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGateway } from './support/harness.ts'

test('the API has a page to read it, which loads nothing from elsewhere; AgentDNS’s addresses lead there too', async (t) => {
  const { url } = await startGateway(t)
  const description = await (await fetch(`${url}/openapi.json`)).text()
  assert.equal(await (await fetch(`${url}/swagger/doc.json`)).text(), description)
  for (const path of ['/docs', '/docs/', '/swagger/', '/swagger']) {
    const page = await fetch(`${url}${path}`, { redirect: 'manual' })
    assert.equal(page.status, 200, path)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    const html = await page.text()
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address)
    assert.deepEqual(loaded, ['/pages/page.css', '/pages/docs.js', '/openapi.json'])
    for (const address of loaded) assert.equal((await fetch(`${url}${address}`)).status, 200)
  }
})
