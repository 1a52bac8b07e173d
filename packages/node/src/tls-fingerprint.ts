/** The fingerprint of the key in a certificate: it survives the renewals of the certificate, as long as the key stays. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** `sha256:` and hexadecimal digits of the SubjectPublicKeyInfo (RFC 7469 §2.4). @throws Error where the file is no certificate. */
export const tlsSpkiFingerprint = (file: string): string => {
  const { publicKey } = new X509Certificate(readFileSync(file))
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`
}
