import { assert, describe, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import * as NodeTransport from "effect-ollama/node"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import { apis, run } from "./live/conformance.js"
import { main, modelsOf } from "./live/program.js"
import { description, reply } from "./support/liveMock.js"
import { refusedUrl } from "./support/refused.js"

const printing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Console.consoleWith((console) => {
    const lines: Array<string> = []
    const write = (line: unknown) => Effect.sync(() => void lines.push(String(line)))
    return Effect.map(
      Effect.withConsole(effect, { ...console, log: write, error: () => Effect.void }),
      (value) => ({ value, printed: lines.join("\n") })
    )
  })

/** What a server can do wrong, each seen by one check. */
const wrong: ReadonlyArray<
  readonly [
    check: string,
    note: RegExp,
    change: (reply: MockOllama.Reply, request: MockOllama.RecordedRequest) => MockOllama.Reply
  ]
> = [
  [
    "the same answer whole and streamed",
    /is not \{"text":"Red, green and blue\."/,
    (good, { json }) =>
      (json as { readonly stream: boolean }).stream && good.text === "Red, yellow and blue."
        ? { text: "Red, green and blue." }
        : good
  ],
  [
    "reasoning and content are apart",
    /no reasoning/,
    (good) => good.reasoning === undefined ? good : { text: "<think>17 and 25</think>42" }
  ],
  [
    "an answer in the form of a schema",
    /no JSON object/,
    (good) => String(good.text).startsWith("{") ? { text: "Paris." } : good
  ],
  [
    "tool calls, and a turn with their results",
    /the results is empty/,
    (good) => String(good.text).startsWith("It is 21") ? { text: "" } : good
  ],
  [
    "a prompt that is too long is ContextOverflow",
    /failed with ServerError/,
    (good) => good.fault === undefined ? good : { fault: { type: "status", status: 500, error: "boom" } }
  ]
]

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
      const { printed, value } = yield* printing(main(refusedUrl, []))
      assert.strictEqual(value, 0)
      assert.strictEqual(
        printed,
        `No Ollama answers at ${refusedUrl}: the live tests are skipped. Start one, or set OLLAMA_HOST.`
      )
    }).pipe(Effect.provide(NodeTransport.layer)))

  it("take models with or without a provider", () => {
    assert.isUndefined(modelsOf([]))
    assert.deepStrictEqual(modelsOf(["--model", "a:1b", "--model=ollama/b"]), ["ollama/a:1b", "ollama/b"])
  })

  it.scopedLive("find what a server does wrong, each of it with its own check", () =>
    Effect.gen(function*() {
      const { server } = yield* makeServer({
        ...description,
        replies: (request) => wrong.reduce((good, [, , change]) => change(good, request), reply(request))
      })
      const results = yield* run({ baseUrl: server.url, models: ["ollama/good:1b"] })
      const notes = new Map(results.flatMap(({ check, note, result }) => result === "failed" ? [[check, note]] : []))
      assert.sameMembers([...notes.keys()], wrong.map(([check]) => check))
      for (const [check, note] of wrong) assert.match(notes.get(check)!, note)
    }).pipe(Effect.provide(NodeTransport.layer)))
})
