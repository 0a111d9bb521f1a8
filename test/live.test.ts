import { assert, describe, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import * as NodeTransport from "effect-ollama/node"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import { apis, run } from "./live/conformance.js"
import { main, modelsOf } from "./live/program.js"
import { description, reply } from "./support/liveMock.js"

const printing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Console.consoleWith((console) => {
    const lines: Array<string> = []
    const write = (line: unknown) => Effect.sync(() => void lines.push(String(line)))
    return Effect.map(
      Effect.withConsole(effect, { ...console, log: write, error: () => Effect.void }),
      (value) => ({ value, printed: lines.join("\n") })
    )
  })

const failuresWith = (change: (reply: MockOllama.Reply, request: MockOllama.RecordedRequest) => MockOllama.Reply) =>
  Effect.gen(function*() {
    const { server } = yield* makeServer({
      ...description,
      replies: (request) => change(reply(request), request)
    })
    const results = yield* run({ baseUrl: server.url, models: ["ollama/good:1b"] })
    return [...new Set(results.flatMap(({ check, result }) => result === "failed" ? [check] : []))]
  }).pipe(Effect.provide(NodeTransport.layer))

describe("the live tests", () => {
  it.scopedLive("pass against a server that is as it should be, and say its version", () =>
    Effect.gen(function*() {
      const { mock, server } = yield* makeServer(description)
      const { printed, value } = yield* printing(main(server.url, []))
      assert.strictEqual(value, 0, printed)
      assert.include(printed, `Ollama 0.33.0 at ${server.url}`)
      assert.match(printed, /discovery agrees with tags and show +ok: 2 models, 1 left out/)
      for (const api of apis) {
        assert.match(printed, new RegExp(`tool calls, .* ollama/good:1b \\(${api}\\) +ok`))
        assert.match(
          printed,
          new RegExp(`reasoning .* ollama/plain:1b \\(${api}\\) +skipped: the model has no reasoning`)
        )
      }
      const cancelled = (yield* mock.requests).filter(({ aborted }) => aborted)
      assert.lengthOf(cancelled, 4)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("check only the models that are named, and fail for one that is not there", () =>
    Effect.gen(function*() {
      const { server } = yield* makeServer(description)
      const { printed, value } = yield* printing(main(server.url, ["--model", "ollama/nope"]))
      assert.strictEqual(value, 1)
      assert.match(printed, /the model is there +ollama\/nope \(ollama\) +failed: .*ollama pull nope/)
      assert.notInclude(printed, "good:1b (")
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("say in one line that there is no server, and succeed", () =>
    Effect.gen(function*() {
      const { server } = yield* makeServer(description)
      yield* server.stop
      const { printed, value } = yield* printing(main(server.url, []))
      assert.strictEqual(value, 0)
      assert.strictEqual(
        printed,
        `No Ollama answers at ${server.url}: the live tests are skipped. Start one, or set OLLAMA_HOST.`
      )
    }).pipe(Effect.provide(NodeTransport.layer)))

  it("take models with or without a provider", () => {
    assert.isUndefined(modelsOf([]))
    assert.deepStrictEqual(modelsOf(["--model", "a:1b", "--model=ollama/b"]), ["ollama/a:1b", "ollama/b"])
  })

  for (
    const [name, expected, change] of [
      [
        "a streamed answer that is another one",
        ["the same answer whole and streamed"],
        (good, { json }) =>
          (json as { readonly stream: boolean }).stream && good.text === "Red, yellow and blue."
            ? { text: "Red, green and blue." }
            : good
      ],
      [
        "reasoning inside the text",
        ["reasoning and content are apart"],
        (good) => good.reasoning === undefined ? good : { text: "<think>17 and 25</think>42" }
      ],
      [
        "text where JSON was asked for",
        ["an answer in the form of a schema"],
        (good) => String(good.text).startsWith("{") ? { text: "Paris." } : good
      ],
      [
        "results that are not taken",
        ["tool calls, and a turn with their results"],
        (good) => String(good.text).startsWith("It is 21") ? { text: "" } : good
      ],
      [
        "another error for a prompt that is too long",
        ["a prompt that is too long is ContextOverflow"],
        (good) => good.fault === undefined ? good : { fault: { type: "status", status: 500, error: "boom" } }
      ]
    ] as ReadonlyArray<readonly [string, ReadonlyArray<string>, Parameters<typeof failuresWith>[0]]>
  ) {
    it.scopedLive(`find ${name}`, () =>
      Effect.map(failuresWith(change), (failed) => assert.deepStrictEqual(failed, expected)))
  }
})
