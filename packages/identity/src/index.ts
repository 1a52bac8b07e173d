export { deriveEntitySeed, developerProof, generateSeed } from './derivation.ts'
export { type Derivation, formatKeyFile, type KeyPair, keyPairOf, parseKeyFile } from './key-file.ts'
export { NobleVerifier, nobleSigner, publicKeyOf } from './noble.ts'
export { strictEncoding } from './strict-encoding.ts'
