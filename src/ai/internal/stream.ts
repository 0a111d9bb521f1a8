/** A stream of events as a stream of parts: one channel, which reads on only when it is read. */
import type * as AiError from "@effect/ai/AiError"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { FinishEvent, StreamEvent } from "../../Chat.js"
import type { StreamPart } from "../../core/ai/encoded.js"
import type { Streamed } from "../../core/ai/parts.js"
import type { CompletionError } from "../../OllamaError.js"

export interface Handlers {
  /** Told once, of an answer that is finished. */
  readonly onFinish: (finish: FinishEvent) => void
  readonly onError: (error: CompletionError) => AiError.AiError
  /** Of an answer that came and cannot be used, the reason in a sentence. */
  readonly onProblem: (problem: string) => AiError.AiError
}

type Parts = Channel.Channel<
  Chunk.Chunk<StreamPart>,
  Chunk.Chunk<StreamEvent>,
  AiError.AiError,
  CompletionError,
  unknown,
  unknown
>

const write = (parts: ReadonlyArray<StreamPart>, then: Parts): Parts =>
  parts.length === 0 ? then : Channel.zipRight(Channel.write(Chunk.unsafeFromArray(parts)), then)

export const toParts = (
  events: Stream.Stream<StreamEvent, CompletionError>,
  streamed: Streamed,
  { onError, onFinish, onProblem }: Handlers
): Stream.Stream<StreamPart, AiError.AiError> => {
  const fail = (error: AiError.AiError): Parts => write(streamed.close(), Channel.fail(error))

  const read: Parts = Channel.readWithCause({
    onInput: (chunk: Chunk.Chunk<StreamEvent>) => {
      const parts = streamed.push(Chunk.toReadonlyArray(chunk))
      if (streamed.problem !== undefined) return write(parts, fail(onProblem(streamed.problem)))
      if (streamed.finish === undefined) return write(parts, read)
      onFinish(streamed.finish)
      return write(parts, streamed.end(streamed.finish).reduceRight((then, chunk) => write(chunk, then), read))
    },
    onFailure: (cause: Cause.Cause<CompletionError>): Parts =>
      Option.match(Cause.failureOption(cause), {
        onNone: () => Channel.failCause(cause as Cause.Cause<never>), // it has no failure
        onSome: (error) => fail(onError(error))
      }),
    onDone: () => Channel.void
  })
  return Stream.fromChannel(Channel.pipeTo(Stream.toChannel(events), read))
}
