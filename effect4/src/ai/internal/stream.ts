// @partial
import type * as Response from "effect/ai/Response"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

type Parts = Pull.Pull<Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded>, AiError.AiError>

export const toParts = (
  events: Stream.Stream<StreamEvent, CompletionError>,
  streamed: Streamed,
  { onError, onFinish, onProblem }: Handlers
): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> =>
  Stream.transformPull(events, (pull) => {
    const ready: Array<ReadonlyArray<StreamPart>> = []
    let failure: AiError.AiError | undefined
    const fail = (error: AiError.AiError) => {
      ready.push(streamed.close())
      failure = error
    }

    const next: Parts = Effect.suspend(() => {
      for (let parts = ready.shift(); parts !== undefined; parts = ready.shift()) {
        if (parts.length > 0) return Effect.succeed(parts as Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded>)
      }
      return failure === undefined ? read : Effect.fail(failure)
    })

    const read: Parts = Pull.matchEffect(pull, {
      onSuccess: (chunk): Parts => {
        ready.push(streamed.push(chunk))
        if (streamed.problem !== undefined) fail(onProblem(streamed.problem))
        else if (streamed.finish !== undefined) {
          onFinish(streamed.finish)
          ready.push(...streamed.end(streamed.finish))
        }
        return next
      },
      onFailure: (cause): Parts => {
        const error = Cause.findErrorOption(cause)
        if (Option.isNone(error)) return Effect.failCause(cause as Cause.Cause<never>) // it has no failure
        fail(onError(error.value))
        return next
      },
      onDone: (): Parts => Cause.done()
    })
    return Effect.succeed(next)
  })
