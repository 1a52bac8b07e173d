/** Why a backup was not made, or not restored; the message says what to do. */
export class BackupError extends Error {
  /**
   * `not_found`: there is no such file or store. `in_use`: a node runs on the data folder. `not_empty`: something is there
   * that would be lost. `damaged`: the file is not what was written. `too_new`: a newer version wrote it.
   */
  readonly code: 'not_found' | 'in_use' | 'not_empty' | 'damaged' | 'too_new'

  constructor(code: BackupError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BackupError'
    this.code = code
  }
}
