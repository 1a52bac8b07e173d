import './shims.ts'

export { createMesh, type MeshInit } from './create-mesh.ts'
export type { LibP2pMesh } from './mesh.ts'
export { DEFAULT_LIMITS, type MeshLimits } from './settings.ts'
