import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Message, Model } from "effect-ollama"
import { same } from "../decode/support.js"
import { foundOnce } from "../support/foundOnce.js"
import { expected, expectedErrors, get, load, type Recording, sayingOf, versions } from "../support/recordings.js"
import { apis, created, once, type Outcome, promptFor, replayingClient, said, service, streamed } from "./support.js"

const paths: Readonly<Record<Model.Api, string>> = { "openai-completions": "/v1/chat/completions", ollama: "/api/chat" }

const tools = ["get_weather", "get_time"].map((name) => ({ name }))

const bodyOf = ({ request }: Recording): { readonly stream?: boolean } => {
  try {
    return JSON.parse(request.body ?? "{}") as { stream?: boolean }
  } catch {
    return {}
  }
}

/** Whether a stream was asked for: the two dialects' defaults differ. */
const isStream = (api: Model.Api, recording: Recording) => bodyOf(recording).stream ?? api === "ollama"

const ways = { create: created, stream: streamed }

// The same answer of another server comes to the same.
const outcomes = foundOnce<ReadonlyArray<readonly [way: string, outcome: Outcome]>>()

/** Gives the outcome of each way to ask, with the server's answer the recorded one, on services that are made once. */
const replaying = (api: Model.Api) =>
  Effect.gen(function*() {
    const made = (streaming: boolean) =>
      Layer.build(service(api, { streaming, retrySchedule: once }).pipe(Layer.provide(replayingClient)))
    const streaming = yield* made(true)
    const whole = yield* made(false)
    return (recording: Recording) => {
      const streams = isStream(api, recording)
      const found = Effect.forEach(
        ["create", "stream"] as const,
        (way) => Effect.map(ways[way]({ prompt: promptFor(recording), tools }), (outcome) => [way, outcome] as const)
      ).pipe(Effect.provide(streams ? streaming : whole))
      return Effect.map(
        outcomes([api, streams, sayingOf(recording)].join(), found),
        (all) => all.map(([way, outcome]) => [`${recording.version} ${recording.name}, ${way}`, outcome] as const)
      )
    }
  })

describe("recorded completions through the service", () => {
  for (const version of versions) {
    for (const api of apis) {
      const answers = expected(version)
      const tags = expectedErrors[version]
      const recordings = load(version).filter((recording) => recording.request.path === paths[api])

      it.scoped(`${version} ${api}: every answer is the expected one, whole and as events`, () =>
        Effect.gen(function*() {
          const replayed = yield* replaying(api)
          let count = 0
          for (const recording of recordings) {
            const answer = answers[recording.name]
            if (answer === undefined) continue
            for (const [name, outcome] of yield* replayed(recording)) {
              same(said(outcome), answer, name)
              count++
            }
          }
          assert.isAbove(count, 80)
        }))

      it.scoped(`${version} ${api}: every failure has its tag, whole and as events`, () =>
        Effect.gen(function*() {
          const replayed = yield* replaying(api)
          let count = 0
          for (const recording of recordings) {
            const tag = tags[recording.name]
            if (tag === undefined) continue
            for (const [name, outcome] of yield* replayed(recording)) {
              assert.strictEqual(outcome.error?._tag, tag, name)
              count++
            }
          }
          assert.isAbove(count, 20)
        }))
    }
  }

  it.effect("every entry of expected.json is one of the exchanges that were replayed", () =>
    Effect.sync(() => {
      for (const version of versions) {
        for (const name of Object.keys(expected(version))) {
          assert.include(Object.values(paths), get(version, name).request.path, `${version} ${name}`)
        }
      }
    }))

  // the wrong paths and methods, answered as if a base URL led there
  it.scoped("a wrong path or method is EndpointNotFound in both dialects", () =>
    Effect.gen(function*() {
      for (const api of apis) {
        const replayed = yield* replaying(api)
        for (const version of versions) {
          for (const name of ["error-path", "error-path-v1-twice", "error-method"]) {
            for (const [what, { error }] of yield* replayed(get(version, name))) {
              assert.strictEqual(error?._tag, "EndpointNotFound", what)
            }
          }
        }
      }
    }))

  it.scoped("v0.17.7 v1-thinking-mixed-stream: reasoning and content in one delta are not garbled", () =>
    Effect.gen(function*() {
      const recording = get("v0.17.7", "v1-thinking-mixed-stream")
      const answer = expected("v0.17.7")[recording.name]!
      assert.isAbove(answer.reasoning.length, 0)
      assert.match(recording.response.text, /"content":"[^"]+","reasoning":"[^"]+"/)
      const kinds: Array<string> = []
      const completions = yield* replaying("openai-completions")
      const native = yield* replaying("ollama")
      for (const [name, outcome] of yield* completions(recording)) {
        same(said(outcome), answer, name)
        kinds.push(outcome.parts.map((part) => part.type).join())
      }
      assert.deepStrictEqual(new Set(kinds).size, 1)
      for (const [name, outcome] of yield* native(get("v0.17.7", "native-thinking-mixed-stream"))) {
        assert.strictEqual(said(outcome).text, answer.text, name)
        assert.strictEqual(said(outcome).reasoning, answer.reasoning, name)
      }
    }))

  it.scoped("a failure after the first output carries what had arrived, in both dialects", () =>
    Effect.gen(function*() {
      const version = "v0.33.0-rc2"
      let count = 0
      for (const api of apis) {
        const replayed = yield* replaying(api)
        for (const recording of load(version)) {
          const answer = expected(version)[recording.name]
          if (recording.request.path !== paths[api] || !/-fault-/.test(recording.name) || answer === undefined) continue
          if (answer.finish !== null && answer.finish !== "error") continue
          assert.isAbove((answer.text + answer.reasoning).length, 0, recording.name)
          for (const [name, { error }] of yield* replayed(recording)) {
            const partial = (error as { partial?: Message.PartialAnswer }).partial
            assert.isDefined(partial, name)
            assert.strictEqual(
              said({ parts: partial!.parts, finish: undefined, error }).text,
              answer.text,
              name
            )
            assert.strictEqual(error?._tag, answer.finish === null ? "IncompleteResponse" : "ServerError", name)
            count++
          }
        }
      }
      assert.isAbove(count, 15)
    }))
})
