import { assert, describe, it } from "@effect/vitest"
import * as FC from "effect/FastCheck"
import type { Api } from "../../src/Model.js"
import { bytes, decode, replay, same, whole } from "./support.js"

// -----------------------------------------------------------------------------
// messages
// -----------------------------------------------------------------------------

interface Call {
  readonly id: string
  readonly name: string
  readonly text: string
}

type Segment =
  | { readonly type: "reasoning" | "text"; readonly pieces: ReadonlyArray<string> }
  | { readonly type: "calls"; readonly calls: ReadonlyArray<Call> }

const word = FC.oneof(
  {
    weight: 6,
    arbitrary: FC.constantFrom("a", " the", "Hello", "한국어 ", "🙂", "\n", "\"", "\\", "<b>&", "\u2028", "{", "}]")
  },
  { weight: 2, arbitrary: FC.string({ minLength: 1, maxLength: 16 }) },
  { weight: 1, arbitrary: FC.fullUnicodeString({ minLength: 1, maxLength: 8 }) }
)

const args = FC.oneof(
  FC.constantFrom(
    "{}",
    "{\"n\":12345678901234567890}",
    "{\"a\":{\"b\":[1.0,{\"c\":1e5}]}}",
    "{\"__proto__\":{\"x\":1}}",
    "{ \"s\" : \"}\\\"\\u00e9\" }"
  ),
  FC.dictionary(FC.string({ maxLength: 6 }), FC.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }).map((value) =>
    JSON.stringify(value)
  )
)

const segment: FC.Arbitrary<Segment> = FC.oneof(
  FC.record({
    type: FC.constantFrom("reasoning" as const, "text" as const),
    pieces: FC.array(word, { minLength: 1, maxLength: 4 })
  }),
  FC.array(FC.record({ name: FC.constantFrom("f", "get_weather"), text: args }), { minLength: 1, maxLength: 3 })
    .map((calls) => ({ type: "calls" as const, calls: calls.map((call) => ({ ...call, id: "" })) }))
)

/** A message with a unique id for each call. */
const message: FC.Arbitrary<ReadonlyArray<Segment>> = FC.array(segment, { maxLength: 6 }).map((segments) => {
  let count = 0
  return segments.map((one): Segment =>
    one.type === "calls" ? { ...one, calls: one.calls.map((call) => ({ ...call, id: `call_${count++}` })) } : one
  )
})

/** What must come out: neighbours of one kind are one part. */
const partsOf = (segments: ReadonlyArray<Segment>) => {
  const parts: Array<unknown> = []
  let last: { type: string; text: string } | undefined
  for (const one of segments) {
    if (one.type === "calls") {
      last = undefined
      for (const { id, name, text } of one.calls) {
        parts.push({ type: "tool-call", id, name, arguments: JSON.parse(text), argumentsText: text })
      }
    } else if (last?.type === one.type) last.text += one.pieces.join("")
    else parts.push(last = { type: one.type, text: one.pieces.join("") })
  }
  return parts
}

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/** A source of choices. */
type Pick = (below: number) => number

/** Numbers from a seed: quicker than an arbitrary of streams. */
const picks = FC.integer().map((seed): Pick => {
  let state = seed | 0
  return (below) => {
    state = state + 0x6d2b79f5 | 0
    let bits = Math.imul(state ^ state >>> 15, 1 | state)
    bits = bits + Math.imul(bits ^ bits >>> 7, 61 | bits) ^ bits
    return ((bits ^ bits >>> 14) >>> 0) % below
  }
})

interface Piece {
  readonly rank: number
  readonly key: "reasoning" | "text" | "calls"
  readonly value: string
}

const literal = (text: string, pick: Pick): string => {
  const json = JSON.stringify(text)
  // as Go writes it
  return pick(2) === 0
    ? json
    : json.replace(/[<>&\u2028]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

const nativeCall = (call: Call, pick: Pick): string => {
  const arguments_ = pick(4) === 0 ? JSON.stringify(call.text) : call.text
  const index = pick(2) === 0 ? "\"index\":0," : ""
  return `{"id":"${call.id}","function":{${index}"name":"${call.name}","arguments":${arguments_}}}`
}

const cutText = (text: string, pick: Pick): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  for (let at = 0; at < text.length;) {
    const size = 1 + pick(12)
    pieces.push(text.slice(at, at + size))
    at += size
  }
  return pieces
}

/** Deltas of calls: whole in one, or opened and continued by index, interleaved. */
const completionCalls = (calls: ReadonlyArray<Call>, pick: Pick): ReadonlyArray<string> => {
  const wholeIndex = pick(2) === 0
  const wholly = (call: Call, index: number) =>
    `{"id":"${call.id}","index":${
      wholeIndex ? 0 : index
    },"type":"function","function":{"name":"${call.name}","arguments":${
      pick(5) === 0 ? call.text : JSON.stringify(call.text)
    }}}`
  if (pick(2) === 0) {
    const all = calls.map(wholly)
    return pick(2) === 0 ? [all.join(",")] : all
  }
  const byId = pick(3) === 0
  const queues = calls.map((call, index) =>
    ["", ...cutText(call.text, pick)].map((text, at) =>
      at === 0
        ? `{"id":"${call.id}","index":${index},"type":"function","function":{"name":"${call.name}","arguments":""}}`
        : `{${byId ? `"id":"${call.id}",` : ""}"index":${index},"function":{"arguments":${JSON.stringify(text)}}}`
    )
  )
  const deltas: Array<string> = queues.map((queue) => queue.shift() as string)
  while (queues.some((queue) => queue.length > 0)) {
    const open = queues.filter((queue) => queue.length > 0)
    deltas.push((open[pick(open.length)] as Array<string>).shift() as string)
  }
  return deltas
}

const piecesOf = (api: Api, segments: ReadonlyArray<Segment>, pick: Pick): ReadonlyArray<Piece> =>
  segments.flatMap((one): ReadonlyArray<Piece> => {
    if (one.type !== "calls") {
      const rank = one.type === "reasoning" ? 0 : 1
      return one.pieces.map((piece) => ({ rank, key: one.type, value: literal(piece, pick) }))
    }
    const values = api === "ollama" ? one.calls.map((call) => nativeCall(call, pick)) : completionCalls(one.calls, pick)
    return values.map((value) => ({ rank: 2, key: "calls", value }))
  })

/** Pieces that keep their order inside one event may share it. */
const grouped = (pieces: ReadonlyArray<Piece>, pick: Pick): ReadonlyArray<ReadonlyArray<Piece>> => {
  const groups: Array<Array<Piece>> = []
  for (const piece of pieces) {
    const group = groups[groups.length - 1]
    const last = group?.[group.length - 1]
    if (group !== undefined && last !== undefined && last.rank < piece.rank && pick(2) === 0) group.push(piece)
    else groups.push([piece])
  }
  return groups
}

const members = (api: Api, group: ReadonlyArray<Piece>, role: boolean, pick: Pick): string => {
  const reasoning = api === "ollama" ? "thinking" : pick(4) === 0 ? "reasoning_content" : "reasoning"
  const names = { reasoning, text: "content", calls: "tool_calls" }
  const all = group.map(({ key, value }) => `"${names[key]}":${key === "calls" ? `[${value}]` : value}`)
  if (!group.some(({ key }) => key === "text") && pick(2) === 0) all.push("\"content\":\"\"")
  // `content` stands first in the JSON of real servers
  if (pick(2) === 0) all.reverse()
  return [...role ? ["\"role\":\"assistant\""] : [], ...all].join(",")
}

const encodeStream = (api: Api, segments: ReadonlyArray<Segment>, pick: Pick): string => {
  const groups = grouped(piecesOf(api, segments, pick), pick)
  const role = pick(2) === 0
  const eol = pick(4) === 0 ? "\r\n" : "\n"
  if (api === "ollama") {
    const stamp = () => `2026-11-22T18:21:02.${pick(10)}${pick(10) === 0 ? "" : "7512"}Z`
    const line = (inner: string, rest: string) =>
      `{"model":"m","created_at":"${stamp()}","message":{${inner}}${rest}}${eol}${pick(12) === 0 ? eol : ""}`
    const lastWithText = groups.length > 0 && pick(3) === 0
    const lines = groups.map((group, at) =>
      line(
        members(api, group, role, pick),
        lastWithText && at === groups.length - 1
          ? ",\"done\":true,\"done_reason\":\"stop\",\"eval_count\":3"
          : ",\"done\":false"
      )
    )
    if (!lastWithText) lines.push(line("\"content\":\"\"", ",\"done_reason\":\"stop\",\"done\":true,\"eval_count\":3"))
    const text = lines.join("")
    return pick(4) === 0 ? text.trimEnd() : text
  }
  const cr = pick(8) === 0 ? "\r" : eol
  const event = (json: string) => {
    const noise = pick(12) === 0 ? `: ping${cr}${cr}` : pick(12) === 0 ? `id: 1${cr}event: message${cr}` : ""
    const data = pick(10) === 0 && json.includes(",\"choices\"")
      ? json.replace(",\"choices\"", `,${cr}data: "choices"`)
      : json
    return `${noise}data:${pick(8) === 0 ? "" : " "}${data}${cr}${cr}`
  }
  const chunk = (choices: string, rest = "") =>
    event(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[${choices}]${rest}}`)
  const delta = (inner: string, finish = "null") => chunk(`{"index":0,"delta":{${inner}},"finish_reason":${finish}}`)
  const events = groups.map((group) => delta(members(api, group, role, pick), pick(8) === 0 ? "\"\"" : "null"))
  const text = `${events.join("")}${delta("", "\"stop\"")}${
    chunk("", ",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":3,\"total_tokens\":4}")
  }${pick(4) === 0 ? "" : `data: [DONE]${cr}${cr}`}`
  return `${pick(8) === 0 ? "\ufeff" : ""}${pick(4) === 0 ? text.trimEnd() : text}`
}

const encodeWhole = (api: Api, segments: ReadonlyArray<Segment>, pick: Pick): string => {
  const of = (type: "reasoning" | "text") =>
    JSON.stringify(segments.flatMap((one) => one.type === type ? one.pieces : []).join(""))
  const calls = segments.flatMap((one) => one.type === "calls" ? one.calls : [])
  if (api === "ollama") {
    return `{"model":"m","message":{"role":"assistant","content":${of("text")},"thinking":${
      of("reasoning")
    },"tool_calls":[${
      calls.map((call) => nativeCall(call, pick)).join(",")
    }]},"done":true,"done_reason":"stop","eval_count":3}`
  }
  const each = calls.map(({ id, name, text }) =>
    `{"id":"${id}","type":"function","function":{"name":"${name}","arguments":${JSON.stringify(text)}}}`
  )
  return `{"model":"m","choices":[{"index":0,"message":{"content":${of("text")},"reasoning":${
    of("reasoning")
  },"tool_calls":[${
    each.join(",")
  }]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}}`
}

const randomChunks = (all: Uint8Array, pick: Pick): ReadonlyArray<Uint8Array> => {
  const most = [1, 3, 50, 400, 100_000][pick(5)] as number
  const chunks: Array<Uint8Array> = []
  for (let at = 0; at < all.length;) {
    const size = 1 + pick(most)
    chunks.push(all.subarray(at, at + size))
    at += size
  }
  return chunks
}

// a lone surrogate has no bytes
const wellFormed = (text: string): string => new TextDecoder().decode(bytes(text))

// small messages and many runs: what goes wrong shows where pieces meet
const runs = { numRuns: 300 }

const textOf = (parts: ReadonlyArray<unknown>, type: string) =>
  parts.flatMap((part) => {
    const { text, type: is } = part as { readonly type: string; readonly text: string }
    return is === type ? [text] : []
  }).join("")

describe.each(["ollama", "openai-completions"] as const)("any message, %s", (api) => {
  it("any mix of it in events and any split into chunks gives the message, in order, each part opened and closed once", () => {
    FC.assert(
      FC.property(message, picks, (segments, pick) => {
        const input = bytes(encodeStream(api, segments, pick))
        const result = decode(api, randomChunks(input, pick))
        assert.isUndefined(result.failure)
        const expected = JSON.parse(wellFormed(JSON.stringify(partsOf(segments)))) as unknown
        same(JSON.parse(JSON.stringify(result.parts)), expected)
        same(replay(result.events, true), result.parts)
        const calls = segments.some((one) => one.type === "calls")
        assert.strictEqual(result.finish?.finishReason, calls ? "tool-calls" : "stop")
        assert.strictEqual(result.finish?.usage?.outputTokens, 3)
        assert.strictEqual(result.finish?.model, "m")
      }),
      runs
    )
  })

  it("a stream gives what the whole answer gives", () => {
    FC.assert(
      FC.property(message, picks, (segments, pick) => {
        const stream = decode(api, randomChunks(bytes(encodeStream(api, segments, pick)), pick))
        const answer = whole(api, wellFormed(encodeWhole(api, segments, pick)))
        for (const type of ["text", "reasoning"]) same(textOf(stream.parts, type), textOf(answer.parts, type))
        const calls = (parts: ReadonlyArray<{ readonly type: string }>) =>
          parts.filter((part) => part.type === "tool-call")
        same(calls(stream.parts), calls(answer.parts))
        assert.strictEqual(stream.finish?.finishReason, answer.finish?.finishReason)
        same(replay(answer.events, true), answer.parts)
      }),
      runs
    )
  })

  it("the fast path gives what the full parser gives, of any bytes and any split", () => {
    FC.assert(
      FC.property(
        message,
        picks,
        FC.array(FC.tuple(FC.nat(), FC.nat(5)), { maxLength: 4 }),
        (segments, pick, mutations) => {
          // long runs of like events, so that there is something to learn
          const run: ReadonlyArray<Segment> = [{ type: "text", pieces: Array.from({ length: 6 }, (_, i) => `w${i} `) }]
          let text = encodeStream(api, [...run, ...segments, ...run], pick)
          for (const [where, how] of mutations) {
            const at = where % text.length
            const copyFrom = (where * 7) % text.length
            const insert = ["", "\n", "\"", "\\", "\u0001", text.slice(copyFrom, copyFrom + 30)][how] as string
            text = text.slice(0, at) + insert + text.slice(at + 1)
          }
          const input = bytes(text)
          const fast = decode(api, randomChunks(input, pick))
          same(decode(api, [input], { fastPath: false }), decode(api, [input]))
          same(fast, decode(api, [input], { fastPath: false }))
        }
      ),
      { numRuns: 200 }
    )
  })

  it("any bytes give a result, and the same one for every split", () => {
    const token = FC.constantFrom(
      ..."{}[]:,\"\\\r\n ".split(""),
      "data: ",
      "data:{\"a\":1}\n\n",
      "event: error\n",
      ": x\n",
      "[DONE]",
      "{\"message\":{\"content\":\"a\"}}\n",
      "{\"error\":\"e\"}\n",
      "{\"message\":{\"content\":\"b\"},\"done\":true}\n",
      "data: [DONE]\n\n",
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
      "\"done\":true",
      "null",
      "1e9",
      "\ufeff",
      "é"
    ).map(bytes)
    const garbage = FC.array(
      FC.oneof({ weight: 9, arbitrary: token }, { weight: 1, arbitrary: FC.uint8Array({ maxLength: 3 }) }),
      {
        maxLength: 20
      }
    )
    FC.assert(
      FC.property(garbage, picks, (pieces, pick) => {
        const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]))
        const one = decode(api, [all])
        same(decode(api, randomChunks(all, pick)), one)
        assert.strictEqual(one.finish === undefined, one.failure !== undefined)
        replay(one.events, one.failure === undefined)
      }),
      { numRuns: 500 }
    )
  })
})
