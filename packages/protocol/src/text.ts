import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { base64 as base64codec } from '@scure/base'

// Present in every browser and in Node, but in no "lib" that keeps clocks and sockets out of a pure package.
declare const TextEncoder: new () => { encode(text: string): Uint8Array }
declare const TextDecoder: new (
  label: 'utf-8',
  options: { fatal: true; ignoreBOM: true },
) => {
  decode(bytes: Uint8Array): string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** The text of UTF-8 bytes, or undefined where they are not UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Lower-case hexadecimal. */
export const base16: (bytes: Uint8Array) => string = bytesToHex

/** Bytes of hexadecimal. Throws on anything else: only for what was parsed. */
export const fromBase16: (text: string) => Uint8Array = hexToBytes

/** Standard base64 with padding. */
export const base64 = (bytes: Uint8Array): string => base64codec.encode(bytes)

/** Bytes of strict base64 (padded, canonical), or undefined. */
export const fromBase64 = (text: string): Uint8Array | undefined => {
  try {
    return base64codec.decode(text)
  } catch {
    return undefined
  }
}
