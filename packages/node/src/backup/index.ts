/** Copies of a node's data folder: made, looked into, restored. */
export * from './backup-error.ts'
export { type BackupHeader, type BackupPart, backupHeader, decodeBackup, encodeBackup, type Pair } from './format.ts'
export { type BackupSummary, inspectBackup } from './inspect-backup.ts'
export * from './make-backup.ts'
export * from './restore-backup.ts'
