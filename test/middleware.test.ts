import { HttpClient, HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"
import { ChatCompletions, Models, Provider } from "effect-ollama"
import { stub } from "./discovery.fixtures.js"

class HostError extends Data.TaggedError("HostError")<{ readonly cause: unknown }> {}

// What a host may put around its client: none of it changes which error comes out.
const middleware: Readonly<Record<string, (client: HttpClient.HttpClient) => HttpClient.HttpClient>> = {
  "nothing": (client) => client,
  "filterStatusOk": HttpClient.filterStatusOk,
  "an error of the host's around that": (client) =>
    HttpClient.transformResponse(
      HttpClient.filterStatusOk(client),
      // a host may do it without a word to the compiler
      Effect.mapError((cause) => new HostError({ cause }) as unknown as HttpClientError.HttpClientError)
    ),
  "a log of every answer": HttpClient.tap((response) => Effect.logDebug(response.status)),
  "a retry of what is transient": (client) =>
    HttpClient.retryTransient(HttpClient.filterStatusOk(client), { times: 0 }),
  "an error whose text was read already": (client) =>
    HttpClient.transformResponse(
      client,
      Effect.flatMap((response) =>
        response.status < 300
          ? Effect.succeed(response)
          : Effect.flatMap(response.text, (description) =>
            Effect.fail(
              new HttpClientError.ResponseError({
                request: response.request,
                response,
                reason: "StatusCode",
                description
              })
            ))
      )
    )
}

const overflow = "prompt too long; exceeded max context length by 42 tokens (ref: 0)"

describe("middleware of the host", () => {
  for (const [name, around] of Object.entries(middleware)) {
    it.effect(`which error it is does not change with ${name}`, () =>
      Effect.gen(function*() {
        const failed = (status: number, error: string) =>
          Effect.gen(function*() {
            const { client } = stub(() => new Response(JSON.stringify({ error }), { status }))
            const provider = yield* Provider.make({ models: [{ id: "m" }] })
            const service = yield* ChatCompletions.make().pipe(
              Effect.provideService(HttpClient.HttpClient, around(client)),
              Effect.provideService(Models.Models, Models.makeStatic([provider]))
            )
            return yield* Effect.flip(service.create({ prompt: "Hi", fallbacks: [] }))
          })
        assert.strictEqual((yield* failed(404, "model 'm' not found"))._tag, "ModelNotFound")
        assert.strictEqual((yield* failed(401, "unauthorized"))._tag, "Unauthorized")
        assert.strictEqual((yield* failed(500, "it crashed"))._tag, "ServerError")
        assert.include((yield* failed(400, overflow)).message, "42 tokens")
      }))
  }

  it.effect("an answer that it does not want is no connection that failed: the next model may answer", () =>
    Effect.gen(function*() {
      const { client } = stub(({ url }) =>
        new Response(JSON.stringify({ choices: [{ message: { content: "Hello" }, finish_reason: "stop" }] }), {
          status: url.includes("first") ? 203 : 200
        })
      )
      const providers = yield* Effect.all(
        ["first", "second"].map((id) =>
          Provider.make({ id, baseUrl: `http://${id}:1`, apiKey: "sk-hush", models: [{ id: "m" }] })
        )
      )
      for (
        const around of [
          HttpClient.filterStatus((status) => status === 200),
          HttpClient.transformResponse<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
            Effect.filterOrFail(
              (response) => response.status === 200,
              (response) =>
                new HostError({ cause: { response, about: "sk-hush" } }) as unknown as HttpClientError.HttpClientError
            )
          )
        ]
      ) {
        const service = yield* ChatCompletions.make().pipe(
          Effect.provideService(HttpClient.HttpClient, around(client)),
          Effect.provideService(
            Models.Models,
            Models.makeStatic({ providers, fallbacks: ["second/m"], primary: "first/m" })
          )
        )
        const error = yield* Effect.flip(service.create({ prompt: "Hi", fallbacks: [] }))
        assert.strictEqual(error._tag, "MalformedResponse")
        assert.include(error.message, "HttpClient refuses it (203")
        assert.notInclude(error.message, "really Ollama")
        assert.notInclude(JSON.stringify(error), "hush")
        const answer = yield* service.create({ prompt: "Hi" })
        assert.strictEqual(answer.ref, "second/m")
      }
    }))
})
