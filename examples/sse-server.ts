/**
 * A chat server that answers with server-sent events: `npx tsx examples/sse-server.ts`, then
 *
 *   curl -N localhost:3000/chat -H 'content-type: application/json' -d '{"prompt":"Why is the sky blue?"}'
 *
 * The same endpoint twice: on HttpRouter (port 3000) and on HttpApi (port 3001). What goes wrong before the first event
 * of an answer has a status of its own, and a client that leaves stops the generation. A client is told a `PublicError`:
 * not where the models are, nor what their server said.
 */
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiSchema,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { NodeContext, NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Option, Schema, type Scope, Stream } from "effect"
import { ChatCompletions, Ollama, OllamaError } from "effect-ollama"
import * as OllamaNode from "effect-ollama/node"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"

const Question = Schema.Struct({ prompt: Schema.String })

// =============================================================================
// events
// =============================================================================

const line = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

const encode = (event: ChatCompletions.StreamEvent): Option.Option<string> => {
  switch (event.type) {
    case "text-delta":
      return Option.some(line("text", event.delta))
    case "finish":
      return Option.some(line("done", { finishReason: event.finishReason, usage: event.usage }))
    default:
      return Option.none()
  }
}

/**
 * Waits for the first elements of a stream, and gives all of it, or fails as it does. What it holds open is closed with
 * the scope: that of the request, which ends with its response, or when the client leaves.
 */
const peeked = <A, E, R>(
  stream: Stream.Stream<A, E, R>
): Effect.Effect<Stream.Stream<A, E, R>, E, R | Scope.Scope> =>
  Effect.flatMap(Stream.toPull(stream), (pull) =>
    Effect.matchEffect(pull, {
      onFailure: Option.match({ onNone: () => Effect.succeed(Stream.empty), onSome: (error) => Effect.fail(error) }),
      onSuccess: (first) => Effect.succeed(Stream.concat(Stream.fromChunk(first), Stream.repeatEffectChunkOption(pull)))
    }))

const answer = Effect.fnUntraced(function*(prompt: string) {
  const chat = yield* ChatCompletions.ChatCompletions
  const events = yield* Effect.mapError(peeked(chat.stream({ prompt })), OllamaError.toPublic)
  return HttpServerResponse.stream(
    events.pipe(
      Stream.filterMap(encode),
      // The status has been sent: an error that comes now is the last event.
      Stream.catchAll((error) => Stream.succeed(line("error", OllamaError.toPublic(error)))),
      Stream.encodeText
    ),
    { contentType: "text/event-stream", headers: { "cache-control": "no-cache" } }
  )
})

// =============================================================================
// on HttpRouter
// =============================================================================

const router = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/chat",
    HttpServerRequest.schemaBodyJson(Question).pipe(
      Effect.flatMap(({ prompt }) => answer(prompt)),
      Effect.catchTags({
        ParseError: ({ message }) => HttpServerResponse.text(message, { status: 400 }),
        RequestError: ({ message }) => HttpServerResponse.text(message, { status: 400 }),
        PublicError: (error) => HttpServerResponse.json(error, { status: 502 })
      })
    )
  )
)

/** `POST /chat` */
export const RouterLive = HttpServer.serve(router)

// =============================================================================
// on HttpApi
// =============================================================================

const Chat = HttpApiEndpoint.post("chat", "/chat")
  .setPayload(Question)
  .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
  .addError(OllamaError.PublicError, { status: 502 })

const Api = HttpApi.make("api").add(HttpApiGroup.make("chat").add(Chat))

const ChatLive = HttpApiBuilder.group(
  Api,
  "chat",
  (handlers) => handlers.handle("chat", ({ payload }) => answer(payload.prompt))
)

/** `POST /chat`, described by an HttpApi: for its clients, and in its OpenAPI document. */
export const ApiLive = HttpApiBuilder.serve().pipe(
  Layer.provide(HttpApiBuilder.api(Api)),
  Layer.provide(ChatLive)
)

// =============================================================================
// the program
// =============================================================================

// Without `streaming` an Ollama is asked for whole answers, as OpenClaw does: all the text would come in one event.
const OllamaLive = Ollama.layerWith({ discover: true, streaming: true }).pipe(
  Layer.provide([NodeContext.layer, OllamaNode.layer])
)

const port = (port: number) => Layer.provide(NodeHttpServer.layer(createServer, { port }))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  Layer.mergeAll(port(3000)(RouterLive), port(3001)(ApiLive)).pipe(
    Layer.provide(OllamaLive),
    Layer.launch,
    NodeRuntime.runMain
  )
}
