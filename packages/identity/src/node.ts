export { generateSeed } from './derivation.ts'
export { type Derivation, formatKeyFile, type KeyPair, keyPairOf, parseKeyFile } from './key-file.ts'
export { readKeyFile, writeKeyFile } from './key-store.ts'
export { NativeVerifier, type NativeVerifierInit, nativeSigner } from './native.ts'
