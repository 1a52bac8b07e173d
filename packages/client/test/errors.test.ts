import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS, type ErrorCode } from '@rollcall/protocol'
import { errorOfAnswer, type FailedAnswer } from '../src/errors.ts'

const answer = (status: number, body: string, extra: Partial<FailedAnswer> = {}): FailedAnswer => ({
  status,
  body,
  registry: 'http://a',
  requestId: null,
  retryAfter: null,
  ...extra,
})

test('every code of the table arrives as itself', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const body = { error: code, message: 'why', request_id: 'r', details: { field: 'name' } }
    const error = errorOfAnswer(answer(ERRORS[code].http, JSON.stringify(body)))
    assert.deepEqual(
      [error.code, error.message, error.requestId, error.http, error.retryable, error.details],
      [code, 'why', 'r', ERRORS[code].http, ERRORS[code].retryable, { field: 'name' }],
    )
  }
})

test('a code of a newer node keeps its meaning in the details, and the status decides', () => {
  const error = errorOfAnswer(answer(404, '{"error":"planet_not_found","message":"no such planet"}'))
  assert.equal(error.code, 'not_found')
  assert.equal(error.message, 'no such planet')
  assert.deepEqual(error.details, { error: 'planet_not_found' })
})

test('a name that every object has is no code', () => {
  assert.equal(errorOfAnswer(answer(500, '{"error":"toString"}')).code, 'internal_error')
})

test('what a proxy says is judged by its status', () => {
  const codes = [400, 401, 418, 429, 500, 502, 503, 504].map((status) => errorOfAnswer(answer(status, '<html>')).code)
  assert.deepEqual(codes, [
    'malformed',
    'unauthenticated',
    'malformed',
    'rate_limited',
    'internal_error',
    'unreachable',
    'unreachable',
    'timeout',
  ])
})

test('the request id comes from the body or the header, Retry-After in seconds', () => {
  const error = errorOfAnswer(answer(429, '', { requestId: 'h-1', retryAfter: '7' }))
  assert.equal(error.requestId, 'h-1')
  assert.equal(error.retryAfterMs, 7_000)
  assert.equal(errorOfAnswer(answer(429, '', { retryAfter: 'Fri, 01 Jan 2027' })).retryAfterMs, undefined)
})
