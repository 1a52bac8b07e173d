import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BEAT_OUTCOMES, CLOSE_CODES, ERRORS, type ErrorSpec, fail, ok } from '@rollcall/protocol'

const errors: readonly (readonly [string, ErrorSpec])[] = Object.entries(ERRORS)

describe('every error is described', () => {
  for (const [code, spec] of errors) {
    test(code, () => {
      assert.match(code, /^[a-z]+(_[a-z]+)*$/)
      assert.ok(spec.http >= 400 && spec.http <= 599)
      assert.ok(spec.exit >= 1 && spec.exit <= 5)
      assert.match(spec.meaning, /^[A-Zi].*\.$/)
      assert.match(spec.remedy, /^[A-Z].*\.$/)
    })
  }

  test('codes, statuses and exit codes go together', () => {
    for (const [code, { http, exit, retryable }] of errors) {
      if (http === 404) assert.equal(exit, 3, code)
      if (http >= 503) assert.deepEqual([exit, retryable], [5, true], code)
      if (exit === 3) assert.equal(http, 404, code)
      if (http === 409) assert.equal(retryable, false, code)
    }
  })

  test('the codes of the interface have their statuses', () => {
    const statuses = Object.fromEntries(errors.map(([code, { http }]) => [code, http]))
    assert.deepEqual(statuses, {
      malformed: 400,
      signature_invalid: 401,
      unauthenticated: 401,
      forbidden: 403,
      entity_not_found: 404,
      entity_deregistered: 404,
      developer_not_found: 404,
      not_found: 404,
      card_unavailable: 404,
      card_too_large: 404,
      card_invalid: 404,
      method_not_allowed: 405,
      conflict_duplicate_name: 409,
      already_registered: 409,
      stale_write: 409,
      payload_too_large: 413,
      validation_failed: 422,
      id_mismatch: 422,
      stamp_future: 422,
      clock_skew: 422,
      protocol_incompatible: 426,
      rate_limited: 429,
      internal_error: 500,
      node_not_ready: 503,
      agent_offline: 503,
      storage_unavailable: 503,
      timeout: 504,
    })
  })

  // Zynd's Python client takes "409" anywhere in an answer for "already registered" (zynd-wire §4.1).
  test('no sentence holds a status of another', () => {
    for (const [, { meaning, remedy }] of errors) assert.doesNotMatch(meaning + remedy, /\d{3}/)
  })
})

describe('every close code is described', () => {
  const closes = Object.entries(CLOSE_CODES)

  test('none is given twice, and each is one that may be sent', () => {
    assert.equal(new Set(closes.map(([, { code }]) => code)).size, closes.length)
    for (const [, { code, meaning }] of closes) {
      assert.ok(code === 1001 || code === 1011 || (code >= 4000 && code <= 4999))
      assert.match(meaning, /^[A-Z].*\.$/)
    }
  })

  test('L8: three are final, superseded among them', () => {
    const final = closes.filter(([, close]) => close.final).map(([reason]) => reason)
    assert.deepEqual(final, ['superseded', 'deregistered', 'protocol_incompatible'])
  })

  test('those of an error carry its status', () => {
    for (const [reason, { code }] of closes) {
      const error = errors.find(([name]) => name === reason)
      if (error !== undefined) assert.equal(code, 4000 + error[1].http, reason)
    }
  })
})

test('L9: the outcomes of a heartbeat are these, each once', () => {
  assert.deepEqual(BEAT_OUTCOMES, [
    'accepted',
    'duplicate',
    'stale',
    'skew',
    'signature_invalid',
    'malformed',
    'not_found',
    'deregistered',
    'rate_limited',
    'storage_error',
  ])
})

test('a result is a value or a failure, with details where there are any', () => {
  assert.deepEqual(ok(1), { ok: true, value: 1 })
  assert.deepEqual(fail('timeout', 'a'), { ok: false, code: 'timeout', message: 'a' })
  assert.deepEqual(fail('timeout', 'a', { ms: 1 }), { ok: false, code: 'timeout', message: 'a', details: { ms: 1 } })
})
