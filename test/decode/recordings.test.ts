import { assert, describe, it } from "@effect/vitest"
import type { Api } from "../../src/Model.js"
import { expected, expectedErrors, load, type Recording, sayingOf, versions } from "../support/recordings.js"
import { callsOf, cut, decode, reasoningOf, replay, type Result, same, sameAs, textOf, whole } from "./support.js"

const apiOf = (recording: Recording): Api => recording.request.path.startsWith("/v1/") ? "openai-completions" : "ollama"

const isStream = (recording: Recording): boolean =>
  recording.response.headers.some(([name, value]) =>
    name.toLowerCase() === "content-type" && /event-stream|ndjson/.test(value)
  )

const sorted = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]))

/** A result in the words of `expected.json`. */
const said = ({ failure, finish, parts }: Pick<Result, "parts" | "finish" | "failure">) => ({
  reasoning: reasoningOf(parts),
  text: textOf(parts),
  toolCalls: callsOf(parts).map((call) => ({ name: call.name, arguments: sorted(call.arguments) })),
  finish: finish !== undefined ? finish.finishReason : failure?._tag === "InBandError" ? "error" : null,
  usage: finish?.usage === undefined
    ? null
    : { inputTokens: finish.usage.inputTokens, outputTokens: finish.usage.outputTokens }
})

const completions = versions.flatMap((version) => {
  const answers = expected(version)
  return load(version).flatMap((recording) => {
    const answer = answers[recording.name]
    return answer === undefined
      ? []
      : [{ recording, answer, api: apiOf(recording), name: `${version} ${recording.name}` }]
  })
})

const streams = completions.filter(({ recording }) => isStream(recording))
const answers = completions.filter(({ recording }) => !isStream(recording))

/** Without those that another server sent in the same chunks, but for ids, dates and durations. */
const distinct = [...new Map(streams.map((one) => [`${one.api} ${sayingOf(one.recording)}`, one])).values()]

describe("recordings", () => {
  it("are all there", () => {
    assert.strictEqual(completions.length, 464)
    assert.isAbove(streams.length, 150)
    assert.isAbove(answers.length, 150)
    assert.isAbove(distinct.length, 75)
  })

  it("every stream gives the expected message, with the server's own chunks", () => {
    for (const { answer, api, name, recording } of streams) {
      const result = decode(api, recording.response.chunks)
      same(said(result), answer, name)
      same(replay(result.events, result.failure === undefined), result.parts, name)
    }
  })

  it("every stream gives the same events byte by byte, in one piece and in pieces of 300", () => {
    for (const { api, name, recording } of distinct) {
      const isKnown = sameAs(decode(api, recording.response.chunks))
      for (const size of [1, 300, Infinity]) {
        const chunks = size === Infinity ? [recording.response.body] : cut(recording.response.body, size)
        isKnown(decode(api, chunks), `${name} ${size}`)
      }
    }
  })

  it("every stream gives the same events without the fast path", () => {
    for (const { api, name, recording } of distinct) {
      same(
        decode(api, [recording.response.body], { fastPath: false }),
        decode(api, [recording.response.body]),
        name
      )
    }
  })

  it("short streams give the same events when split at any place", () => {
    for (const { api, name, recording } of distinct) {
      const { body, chunks } = recording.response
      if (body.length > 1000) continue
      const isKnown = sameAs(decode(api, chunks))
      for (let at = 0; at <= body.length; at++) {
        isKnown(decode(api, [body.subarray(0, at), body.subarray(at)]), `${name} at ${at}`)
      }
    }
  })

  it("every whole answer gives the expected message", () => {
    for (const { answer, api, name, recording } of answers) {
      const result = whole(api, recording.response.text)
      same(said(result), answer, name)
      same(replay(result.events, result.finish !== undefined), result.parts, name)
    }
  })

  it("a whole answer where a stream was expected gives the same message", () => {
    for (const { answer, api, name, recording } of answers) {
      const { body } = recording.response
      for (const chunks of [[body], cut(body, 1)]) same(said(decode(api, chunks)), answer, name)
      const pretty = JSON.stringify(JSON.parse(recording.response.text), undefined, 2)
      same(said(decode(api, [`${pretty}\n`])), answer, `${name} pretty`)
    }
  })

  it("an answer that the server did not finish is no success", () => {
    let count = 0
    for (const version of versions) {
      for (const recording of load(version)) {
        if (expectedErrors[version][recording.name] !== "IncompleteResponse") continue
        count++
        const result = isStream(recording)
          ? decode(apiOf(recording), recording.response.chunks)
          : whole(apiOf(recording), recording.response.text)
        assert.isUndefined(result.finish)
        assert.strictEqual(
          result.failure?._tag,
          isStream(recording) ? "Ended" : "NotDone",
          `${version} ${recording.name}`
        )
      }
    }
    assert.isAbove(count, 20)
  })

  it("an error inside a stream of 200 is one", () => {
    let count = 0
    for (const version of versions) {
      for (const recording of load(version)) {
        const tag = expectedErrors[version][recording.name]
        if (tag === undefined || tag === "IncompleteResponse" || recording.response.status !== 200) continue
        if (!/chat/.test(recording.request.path)) continue
        count++
        const result = isStream(recording)
          ? decode(apiOf(recording), recording.response.chunks)
          : whole(apiOf(recording), recording.response.text)
        assert.strictEqual(result.failure?._tag, "InBandError", `${version} ${recording.name}`)
      }
    }
    assert.isAbove(count, 3)
  })
})
