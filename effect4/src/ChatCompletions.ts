// @partial
import * as Result from "effect/Result"

export const textDelta = (event: StreamEvent): Result.Result<string, StreamEvent> =>
  event.type === "text-delta" ? Result.succeed(event.delta) : Result.fail(event)
