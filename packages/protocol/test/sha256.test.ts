import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { sha256 } from '../src/index.ts'

test('SHA-256 is that of OpenSSL, in however many parts, whatever was hashed before', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (parts) => {
      const known = createHash('sha256').update(Buffer.concat(parts)).digest()
      const hash = sha256(...parts)
      assert.deepEqual(Buffer.from(hash), known)
      // What was given away stays as it was.
      sha256(Uint8Array.of(1))
      assert.deepEqual(Buffer.from(hash), known)
    }),
  )
})
