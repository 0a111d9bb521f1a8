import { Effect, Layer, Schema } from "effect"
import { type ChatCompletions, OllamaError } from "effect-ollama"
import type { HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

const Chat = HttpApiEndpoint.post("chat", "/chat", {
  payload: Schema.Struct({ prompt: Schema.String }),
  success: Schema.String,
  error: OllamaError.PublicError.annotate({ httpApiStatus: 502 })
})

const Api = HttpApi.make("api").add(HttpApiGroup.make("chat").add(Chat))

// as above; here only its type
declare const answer: (prompt: string) => Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  OllamaError.CompletionError,
  ChatCompletions.ChatCompletions
>

const ChatLive = HttpApiBuilder.group(
  Api,
  "chat",
  (handlers) => handlers.handle("chat", ({ payload }) => Effect.mapError(answer(payload.prompt), OllamaError.toPublic))
)

// a Layer, to be served
export const ApiLive = Layer.provide(HttpApiBuilder.layer(Api), ChatLive)
