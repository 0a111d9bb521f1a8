import { Effect, Pull, Result, Schema, type Scope, Stream } from "effect"
import { ChatCompletions, OllamaError } from "effect-ollama"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"

const line = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

const encode = (event: ChatCompletions.StreamEvent) =>
  event.type === "text-delta"
    ? Result.succeed(line("text", event.delta))
    : event.type === "finish"
    ? Result.succeed(line("done", { finishReason: event.finishReason, usage: event.usage }))
    : Result.fail(event)

// Waits for the first elements, and gives all of the stream, or fails as it does.
const peeked = <A, E>(stream: Stream.Stream<A, E>): Effect.Effect<Stream.Stream<A, E>, E, Scope.Scope> =>
  Effect.flatMap(Stream.toPull(stream), (pull) =>
    Pull.matchEffect(pull, {
      onSuccess: (first) =>
        Effect.succeed(Stream.concat(Stream.fromIterable(first), Stream.fromPull(Effect.succeed(pull)))),
      onFailure: Effect.failCause,
      onDone: () => Effect.succeed(Stream.empty)
    }))

const answer = Effect.fnUntraced(function*(prompt: string) {
  const chat = yield* ChatCompletions.ChatCompletions
  const events = yield* peeked(chat.stream({ prompt }))
  return HttpServerResponse.stream(
    events.pipe(
      Stream.filterMap(encode),
      Stream.catch((error) => Stream.succeed(line("error", OllamaError.toPublic(error)))),
      Stream.encodeText
    ),
    { contentType: "text/event-stream", headers: { "cache-control": "no-cache" } }
  )
})

// a Layer, to be served
export const ChatRoute = HttpRouter.add(
  "POST",
  "/chat",
  HttpServerRequest.schemaBodyJson(Schema.Struct({ prompt: Schema.String })).pipe(
    Effect.flatMap(({ prompt }) => answer(prompt)),
    Effect.catchTag(
      ["SchemaError", "HttpServerError"],
      ({ message }) => Effect.succeed(HttpServerResponse.text(message, { status: 400 }))
    ),
    Effect.catch((error) => Effect.orDie(HttpServerResponse.json(OllamaError.toPublic(error), { status: 502 })))
  )
)
