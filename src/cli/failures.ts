/** How the command itself fails. */
import * as Data from "effect/Data"

/** A failure of the command itself. */
export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {}

/** What went wrong is said already. */
export class SaidAlready extends Data.TaggedError("SaidAlready") {
  override get message(): string {
    return ""
  }
}

/** A mistake in what was typed, found by the command: exit code 2. */
export class Misused extends Data.TaggedError("Misused")<{ readonly message: string }> {}
