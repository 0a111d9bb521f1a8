// @partial
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Stream from "effect/Stream"

// @members
export class UndiciResponse {
  get stream(): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> {
    const next = Effect.callback<Arr.NonEmptyReadonlyArray<Uint8Array>, HttpClientError.HttpClientError | Cause.Done>(
      (resume) => {
        this.read((error, pieces) =>
          resume(
            error !== undefined
              ? Effect.fail(error)
              : pieces === undefined
              ? Cause.done()
              : Effect.succeed(pieces as Arr.NonEmptyReadonlyArray<Uint8Array>)
          )
        )
      }
    )
    return Stream.ensuring(
      Stream.suspend(() =>
        this.claimed ? Stream.fail(this.error(alreadyRead())) : Stream.fromPull(Effect.succeed(next))
      ),
      Effect.sync(() => this.cancel())
    )
  }
}
