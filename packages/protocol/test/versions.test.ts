/** What a newer version may send: refused or passed over as itself, never taken for something else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  actContent,
  ERRORS,
  encode,
  encodePresence,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
  parseClientFrame,
  parsePresence,
  parseProfile,
} from '@rollcall/protocol'
import { codeOf, failureOf, id, nativeBeat, node, recordOf, registration, stamp, unwrap } from './kit.ts'

const hello = { type: 'hello', entities: [id], protocol: PROTOCOL_VERSION, client: 'test' }
const parse = (frame: object) => parseClientFrame(JSON.stringify(frame))

test('Version banners that cry wolf: every version of the window is taken, and outside it the refusal says what is spoken and what to do', () => {
  for (let protocol = PROTOCOL_VERSION_MIN; protocol <= PROTOCOL_VERSION; protocol++) {
    assert.ok(parse({ ...hello, protocol }).ok)
  }
  for (const protocol of [PROTOCOL_VERSION_MIN - 1, PROTOCOL_VERSION + 1]) {
    const { code, message } = failureOf(parse({ ...hello, protocol }))
    assert.equal(code, 'protocol_incompatible')
    assert.match(message, new RegExp(`${protocol} .* ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}`))
  }
  assert.match(ERRORS.protocol_incompatible.remedy, /\w+ \w+/)
})

test('Version banners that cry wolf: fields that are not known are passed over in frames, and kept in what an owner signed', () => {
  assert.deepEqual(unwrap(parse({ ...hello, colour: 'blue' })), hello)
  const act = registration({ colour: 'blue' })
  const record = recordOf(act)
  assert.equal(unwrap(actContent(act)).body.colour, 'blue')
  assert.ok(parseProfile(unwrap(actContent(act)).body).ok)
  assert.ok(Buffer.from(record.bytes).includes('blue'))
})

test('Version banners that cry wolf: a status that is not known is refused, never taken for one that is', () => {
  const words = { birth: stamp(), beat: nativeBeat(), attendant: node, stamp: stamp(5) }
  const bytes = Buffer.from(encodePresence({ ...words, status: 'active', cause: 'session' }))
  const status = Buffer.from(encode('active'))
  assert.ok(bytes.includes(status))
  for (const unknown of ['paused', 'Active', '', 'online']) {
    const at = bytes.indexOf(status)
    const changed = Buffer.concat([bytes.subarray(0, at), encode(unknown), bytes.subarray(at + status.length)])
    assert.equal(codeOf(parsePresence(changed)), 'malformed', unknown)
  }
})
