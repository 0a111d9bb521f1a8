/** Reads a body. */
export interface BodyPull {
  /**
   * Calls back once with the next pieces (all that is there), or with `undefined` at the end, or with an error;
   * synchronously when something is there already. At most one read at a time.
   */
  read(resume: (error: unknown, pieces: ReadonlyArray<Uint8Array> | undefined) => void): void
  /** Whether all of the body was read, when that is known without a further read. */
  atEnd?(): boolean
  /** Closes the connection, unless the body came to its end. A read that waits is not called back. */
  cancel(): void
}
