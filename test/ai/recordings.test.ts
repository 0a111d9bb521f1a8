import { LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Schema } from "effect"
import type { Message, Model } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { once, promptFor, replayingClient, said, service } from "../completions/support.js"
import { same } from "../decode/support.js"
import { foundOnce } from "../support/foundOnce.js"
import {
  type Expected,
  expected,
  expectedErrors,
  get,
  load,
  type Recording,
  sayingOf,
  versions
} from "../support/recordings.js"
import { tokensOf } from "./line.js"
import { aiError, apis, collected, isOf, isStream } from "./support.js"

const anything = Schema.Struct({}, Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** The core makes Schemas of all tools for each call: only those that are called are given. */
const toolkitOf = (names: ReadonlyArray<string>) =>
  Toolkit.make(...names.map((name) => Tool.make(name).setParameters(anything)))

// A server of 0.6.3 delivers calls of tools that were not offered, too.
const called = ({ toolCalls }: Expected): ReadonlyArray<string> => [...new Set(toolCalls.map(({ name }) => name))]

const names = new Set(versions.flatMap((version) => Object.values(expected(version)).flatMap(called)))

const handlers = toolkitOf([...names]).toLayer(Object.fromEntries([...names].map((name) => [name, () => Effect.void])))

interface Outcome {
  readonly parts: ReadonlyArray<Response.AnyPart>
  readonly error: unknown
}

type Tools = ReadonlyArray<string>

const optionsFor = (prompt: string, tools: Tools) => ({
  prompt,
  ...(tools.length > 0 ? { toolkit: toolkitOf(tools), disableToolCallResolution: true } as const : undefined)
})

type Kit = ReturnType<typeof toolkitOf>
type Options = LanguageModel.GenerateTextOptions<Kit["tools"]> & { readonly toolkit: Kit }

// The core decodes an answer at once, so its chunks are of no account: those are told apart in the stream.
const whole = (recording: Recording, tools: Tools) =>
  Effect.map(
    Effect.either(LanguageModel.generateText(optionsFor(promptFor(recording, "at once"), tools) as Options)),
    (result): Outcome =>
      Either.isLeft(result) ? { parts: [], error: result.left } : { parts: result.right.content, error: undefined }
  )

const streamed = (recording: Recording, tools: Tools) =>
  Effect.map(
    collected(LanguageModel.streamText(optionsFor(promptFor(recording), tools) as Options)),
    ({ error, parts }): Outcome => ({ parts, error })
  )

const ways = { generateText: whole, streamText: streamed }

// The same answer of another server comes to the same.
const outcomes = foundOnce<
  ReadonlyArray<readonly [way: string, outcome: Outcome]>,
  never,
  Tool.HandlersFor<Kit["tools"]>
>()

/** Tells what comes of a recorded exchange, each way in which it can be asked for, on models that are made once. */
const replaying = (api: Model.Api) =>
  Effect.gen(function*() {
    const made = (streaming: boolean) =>
      Layer.build(
        OllamaLanguageModel.layer().pipe(
          Layer.provide(service(api, { streaming, retrySchedule: once })),
          Layer.provide(replayingClient)
        )
      )
    const streaming = yield* made(true)
    const whole = yield* made(false)
    return (recording: Recording, tools: Tools = []) => {
      const streams = isStream(api, recording)
      const found = Effect.forEach(
        Object.entries(ways),
        ([way, ask]) => Effect.map(ask(recording, tools), (outcome) => [way, outcome] as const)
      ).pipe(Effect.provide(streams ? streaming : whole))
      return Effect.map(
        outcomes([api, streams, tools, sayingOf(recording)].join(), found),
        (all) => all.map(([way, outcome]) => ({ name: `${recording.version} ${recording.name}, ${way}`, ...outcome }))
      )
    }
  })

/** Parts put together again, in the words of `expected.json`. */
const told = ({ error, parts }: Outcome) => {
  const ours = OllamaLanguageModel.errorOf(error)
  if (error !== undefined) {
    assert.isDefined(ours, String(error))
    const partial = ours !== undefined && "partial" in ours ? ours.partial : undefined
    return said({ parts: partial?.parts ?? [], finish: undefined, error: ours as never })
  }
  const content: Array<Message.AssistantPart> = []
  for (const part of parts) {
    if (part.type === "text" || part.type === "reasoning") content.push({ type: part.type, text: part.text })
    else if (part.type === "text-delta") content.push({ type: "text", text: part.delta })
    else if (part.type === "reasoning-delta") content.push({ type: "reasoning", text: part.delta })
    else if (part.type === "tool-call") {
      content.push({ type: "tool-call", id: part.id, name: part.name, arguments: part.params, argumentsText: "" })
    }
  }
  const finish = parts.find((part) => part.type === "finish")
  assert.isDefined(finish)
  const { reason, usage } = finish!
  const { inputTokens, outputTokens } = tokensOf(usage)
  const told = said({ parts: content, finish: undefined, error: undefined })
  return {
    ...told,
    finish: reason,
    usage: inputTokens === undefined && outputTokens === undefined ? null : { inputTokens, outputTokens }
  }
}

describe("recorded completions through LanguageModel", () => {
  for (const version of versions) {
    it(`${version}: none is left out`, () => {
      const completions = new Set(
        load(version).filter((recording) => apis.some((api) => isOf(api, recording))).map(({ name }) => name)
      )
      assert.deepStrictEqual(Object.keys(expected(version)).filter((name) => !completions.has(name)), [])
      for (const name of Object.keys(expectedErrors[version]).filter((name) => !completions.has(name))) {
        assert.notMatch(get(version, name).request.path, /chat|generate/, name)
      }
    })

    for (const api of apis) {
      const answers = expected(version)
      const tags = expectedErrors[version]
      const recordings = load(version).filter((recording) => isOf(api, recording))

      it.scoped(`${version} ${api}: every answer is the expected one, whole and as parts`, () =>
        Effect.gen(function*() {
          const replayed = yield* replaying(api)
          let count = 0
          for (const recording of recordings) {
            const answer = answers[recording.name]
            if (answer === undefined) continue
            for (const { name, ...outcome } of yield* replayed(recording, called(answer))) {
              same(told(outcome), answer, name)
              count++
            }
          }
          assert.isAbove(count, 80)
        }).pipe(Effect.provide(handlers)))

      it.scoped(`${version} ${api}: every failure gives back the error of the table`, () =>
        Effect.gen(function*() {
          const replayed = yield* replaying(api)
          let count = 0
          for (const recording of recordings) {
            const tag = tags[recording.name]
            if (tag === undefined) continue
            for (const { error, name } of yield* replayed(recording)) {
              aiError(error)
              assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, tag, name)
              count++
            }
          }
          assert.isAbove(count, 20)
        }).pipe(Effect.provide(handlers)))
    }
  }
})
