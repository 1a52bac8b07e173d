import { type NoiseComponents, noise } from '@libp2p/noise'

type Encrypter = ReturnType<ReturnType<typeof noise>>

/**
 * Noise, with the choice of the multiplexer left for after it.
 *
 * By default Noise agrees on the multiplexer within its handshake, so the dialled side has a complete connection before
 * the dialler has looked whom it reached. Negotiated afterwards, the dialler's gater can still turn a second connection
 * to the same peer away without the other side ever seeing it open. It costs one round trip.
 */
export const identityFirstNoise =
  () =>
  (components: NoiseComponents): Encrypter => {
    const encrypter = noise()(components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = (connection, options) =>
      secureInbound(connection, { ...options, skipStreamMuxerNegotiation: true })
    encrypter.secureOutbound = (connection, options) =>
      secureOutbound(connection, { ...options, skipStreamMuxerNegotiation: true })
    return encrypter
  }
