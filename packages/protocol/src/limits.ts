/** Every cap on what comes from outside, in one place, checked before anything is allocated. Units last. */
export const LIMITS = {
  // HTTP and sockets
  bodyBytesMax: 64 * 1024,
  frameBytesMax: 4 * 1024,
  healthBytesMax: 1024,
  sessionEntitiesMax: 256,
  requestIdCharsMax: 64,
  jsonDepthMax: 32,
  // An entity's record. Characters are Unicode code points.
  nameCharsMax: 100,
  summaryCharsMax: 200,
  categoryCharsMax: 64,
  tagsMax: 20,
  tagCharsMax: 64,
  urlCharsMax: 2048,
  versionCharsMax: 64,
  nonceCharsMax: 64,
  timestampCharsMax: 40,
  actsMax: 24,
  recordBytesMax: 128 * 1024,
  // A developer's record: at most one act for each of its fields shows.
  developerActsMax: 8,
  developerBytesMax: 64 * 1024,
  githubCharsMax: 100,
  // Versions told of one bound name, the newest.
  nameVersionsMax: 8,
  tombstoneBytesMax: 80 * 1024,
  presenceBytesMax: 4 * 1024,
  wordPathMax: 16,
  // Between nodes
  gossipBytesMax: 256 * 1024,
  gossipEntriesMax: 1024,
  statusBytesMax: 64 * 1024,
  membersMax: 1024,
  verdictsMax: 1024,
  nodeNameCharsMax: 100,
  // Messages asked of their origin; a wider gap is left to a sync.
  repairRangeMax: 128,
  syncResponseBytesMax: 8 * 1024 * 1024,
  syncEntriesMax: 4096,
  syncRangesMax: 2_048,
  // Search
  queryCharsMax: 500,
  queryFilterValuesMax: 32,
} as const
