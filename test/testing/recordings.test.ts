import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { MockOllama } from "effect-ollama/testing"
import { normalize } from "../support/normalize.js"
import * as Recordings from "../support/recordings.js"

const mockVersion = {
  "v0.6.3": "0.6.3",
  "v0.17.7": "0.17.7",
  "v0.24.0": "0.24.0",
  "v0.33.0-rc2": "0.33.0"
} as const

const weather = { name: "get_weather", arguments: { city: "Paris", unit: "celsius" } }
const thought = "Let me think about it. The user wants a short answer.\n"
const first = (version: Recordings.Version) => version === "v0.6.3"

/** What the scripted models say, by the name of the exchange. */
const scripts: Record<string, (version: Recordings.Version) => MockOllama.Reply> = {
  plain: () => ({ text: "Hello there! I am a scripted model, and every word of this answer was written in advance." }),
  unicode: () => ({
    text: [
      "Caf",
      "é",
      " naïve ",
      "😀",
      " 你好",
      "\u2028",
      "世",
      "界",
      "世",
      " e\u0301",
      "\t",
      "\r\n",
      "\"quoted\\",
      "\u0007",
      " end"
    ]
  }),
  empty: () => ({}),
  length: () => ({
    text: [" alpha0", " bravo1", " charlie2", " delta3", " echo4"],
    finishReason: "length"
  }),
  thinking: () => ({ reasoning: thought, text: "The answer is 42." }),
  "thinking-mixed": (version) =>
    first(version)
      ? { text: ["<think>", "First", " thought", " ends here.</think>\n\nContent", " starts", " in the same token."] }
      : {
        parts: [
          { reasoning: "First" },
          { reasoning: " thought" },
          { reasoning: " ends here.", text: "Content" },
          { text: " starts" },
          { text: " in the same token." }
        ]
      },
  "length-thinking": (version) => ({
    ...(first(version)
      ? { text: ["<think>", " alpha0", " bravo1", " charlie2", " delta3", " echo4", " foxtrot5", " golf6"] }
      : { reasoning: "alpha0 bravo1 charlie2 delta3 echo4 foxtrot5 golf6" }),
    finishReason: "length"
  }),
  tool: () => ({ toolCalls: [weather] }),
  "tool-parallel": () => ({
    toolCalls: [weather, { name: "get_weather", arguments: { city: "Oslo", unit: "celsius" } }]
  }),
  "text-then-tool": () => ({ text: "Let me look that up.\n", toolCalls: [weather] }),
  "think-tool-content": () => ({ reasoning: thought, text: "Checking the weather now.\n", toolCalls: [weather] }),
  "tool-broken": (version) =>
    first(version) ? { last: { text: "<tool_call>{\"name\": \"get_weather\", \"arguments" } } : {},
  repeat: () => ({ text: Array.from({ length: 31 }, () => "ha "), finishReason: null }),
  "own-template-tool-parallel": () => ({
    toolCalls: [weather, { name: "get_time", arguments: { city: "Tokyo" } }]
  }),
  "fault-crash": () => ({ text: ["Hello", " wor"], fault: { type: "error", after: 2 } }),
  "fault-crash-first": () => ({ fault: { type: "error" } }),
  "fault-end": () => ({ text: ["Hello", " wor", "ld"], fault: { type: "end", after: 2 } })
}

const model = (name: string): MockOllama.Model => ({
  name,
  capabilities: /plain|empty|unicode|endless$|fault|repeat/.test(name)
    ? ["completion"]
    : ["completion", "tools", "thinking"],
  ownTemplate: name.startsWith("scripted-native-")
})

/** Answers with the words "Hello there…" where the exchange is about a refusal. */
const described = (recording: Recordings.Recording): MockOllama.Description => {
  const script = recording.name.replace(/^(native|v1)-/, "").replace(/-stream(-no-usage)?$|-default$/, "")
  const named = /"model": ?"([^"]*)"/.exec(recording.request.body ?? "")?.[1]
  const reply = (scripts[script] ?? (named === "scripted-thinking" ? scripts["thinking"]! : scripts["plain"]!))(
    recording.version
  )
  const expected = Recordings.expected(recording.version)[recording.name]
  const usage = /"(?:prompt_eval_count|prompt_tokens)":(\d+).*"(?:eval_count|completion_tokens)":(\d+)/.exec(
    recording.response.text
  )
  return {
    version: mockVersion[recording.version],
    models: named === undefined || /no-such|cloud/.test(named) ? [] : [model(named)],
    replies: [{
      ...reply,
      usage: expected?.usage ??
        (usage === null ? null : { inputTokens: Number(usage[1]), outputTokens: Number(usage[2]) })
    }]
  }
}

const send = (recording: Recordings.Recording) =>
  Effect.gen(function*() {
    const { request } = recording
    let outgoing = HttpClientRequest.make(request.method as "POST")(`http://127.0.0.1:11434${request.path}`, {
      headers: request.headers
    })
    if (request.body !== null) outgoing = HttpClientRequest.bodyText(outgoing, request.body, "application/json")
    const response = yield* HttpClient.execute(outgoing)
    const chunks = yield* Stream.runCollect(Stream.decodeText(response.stream))
    return {
      status: response.status,
      contentType: response.headers["content-type"],
      allow: response.headers["allow"],
      origin: response.headers["access-control-allow-origin"],
      mayBeSent: response.headers["access-control-allow-headers"],
      framing: response.headers["transfer-encoding"] ??
        (response.headers["content-length"] ? "content-length" : "none"),
      chunks: Chunk.toReadonlyArray(chunks).map(normalize)
    }
  })

const recorded = ({ response }: Recordings.Recording) => {
  const header = (wanted: string) => response.headers.find(([name]) => name === wanted)?.[1]
  return {
    status: response.status,
    contentType: header("Content-Type"),
    allow: header("Allow"),
    origin: header("Access-Control-Allow-Origin"),
    mayBeSent: header("Access-Control-Allow-Headers"),
    framing: response.framing,
    chunks: response.texts.map(normalize)
  }
}

const sameAsRecorded = (version: Recordings.Version, name: string, description?: MockOllama.Description) => {
  const recording = Recordings.get(version, name)
  return send(recording).pipe(
    Effect.tap((answer) => assert.deepStrictEqual(answer, recorded(recording), `${version}/${name}`)),
    Effect.provide(MockOllama.layerHttpClient(description ?? described(recording)))
  )
}

const scenarios = [
  "plain",
  "unicode",
  "empty",
  "length",
  "length-thinking",
  "thinking",
  "thinking-mixed",
  "tool",
  "tool-parallel",
  "text-then-tool",
  "think-tool-content",
  "tool-broken",
  "repeat"
]
const newestOnly = ["own-template-tool-parallel", "fault-crash", "fault-crash-first", "fault-end"]
/** Natively and on `/v1`, whole and streamed. */
const fourWays = (name: string) =>
  ["native", "v1"].flatMap((dialect) => [`${dialect}-${name}`, `${dialect}-${name}-stream`])

const others = [
  "native-plain-default",
  "v1-plain-stream-no-usage",
  "native-load",
  "native-load-empty",
  "native-load-forever",
  "native-unload"
]
const bare = [
  "root",
  "version",
  "tags-empty",
  "tags-head",
  "ps-empty",
  "v1-models-empty",
  "error-path",
  "error-path-v1-twice",
  "error-method",
  "error-origin",
  "preflight",
  "preflight-custom-header"
]
const refused = [
  "error-cloud-native",
  "error-cloud-v1",
  "error-native-format-unknown",
  "error-native-image-data-url",
  "error-native-keep-alive",
  "error-native-missing-model",
  "error-native-missing-model-stream",
  "error-native-no-body",
  "error-native-no-model",
  "error-native-not-json",
  "error-native-option-type",
  "error-native-think-unknown",
  "error-native-thinking-unsupported",
  "error-native-tools-unsupported",
  "error-v1-content-null",
  "error-v1-effort-unknown",
  "error-v1-empty-messages",
  "error-v1-image-url",
  "error-v1-missing-model",
  "error-v1-no-body",
  "error-v1-no-model",
  "error-v1-not-json",
  "error-v1-thinking-unsupported",
  "error-v1-tools-unsupported",
  "show-missing",
  "show-no-model",
  "show-not-json",
  "embed-missing"
]
/** 0.6.3 fails there for its template's sake. */
const refusedLater = ["error-v1-bad-arguments", "error-v1-empty-arguments"]

const everywhere = (name: string, description?: (version: Recordings.Version) => MockOllama.Description) =>
  Effect.forEach(Recordings.versions, (version) => sameAsRecorded(version, name, description?.(version)))

describe("the mock of each version", () => {
  for (const name of scenarios) {
    it.effect(`answers as recorded: ${name}`, () => Effect.forEach(fourWays(name), (one) => everywhere(one)))
  }

  for (const name of others) it.effect(`answers as recorded: ${name}`, () => everywhere(name))

  for (const name of refused) it.effect(`refuses as recorded: ${name}`, () => everywhere(name))

  it.effect("refuses broken arguments in the history as recorded", () =>
    Effect.forEach(
      Recordings.versions.slice(1),
      (version) => Effect.forEach(refusedLater, (name) => sameAsRecorded(version, name))
    ))

  for (const name of bare) {
    it.effect(`tells of itself as recorded: ${name}`, () =>
      everywhere(name, (version) => ({ version: mockVersion[version] })))
  }
})

describe.each(Recordings.versions)("the mock of %s", (version) => {
  it.effect("lists models as recorded, in /api/tags and /v1/models", () =>
    Effect.gen(function*() {
      interface Entry {
        readonly name: string
        readonly modified_at: string
        readonly size: number
        readonly digest: string
        readonly details: {
          readonly parameter_size: string
          readonly quantization_level: string
          readonly embedding_length?: number
        }
        readonly capabilities?: ReadonlyArray<string>
      }
      const recording = Recordings.get(version, "tags")
      const { models } = JSON.parse(recording.response.text) as { readonly models: ReadonlyArray<Entry> }
      const description: MockOllama.Description = {
        version: mockVersion[version],
        models: models.map((entry) => ({
          name: entry.name,
          capabilities: entry.capabilities ?? null,
          digest: entry.digest,
          modifiedAt: entry.modified_at,
          size: entry.size,
          parameterSize: entry.details.parameter_size,
          quantization: entry.details.quantization_level,
          embeddingLength: entry.details.embedding_length
        }))
      }
      yield* sameAsRecorded(version, "tags", description)
      const ours = yield* send(Recordings.get(version, "v1-models")).pipe(
        Effect.provide(MockOllama.layerHttpClient(description))
      )
      const theirs = recorded(Recordings.get(version, "v1-models"))
      const ordered = (chunks: ReadonlyArray<string>) => {
        const { data, object } = JSON.parse(chunks.join("")) as { object: string; data: Array<{ id: string }> }
        return [object, data.map((one) => JSON.stringify(one)).sort()]
      }
      assert.deepStrictEqual({ ...ours, chunks: ordered(ours.chunks) }, { ...theirs, chunks: ordered(theirs.chunks) })
    }))

  it.effect("makes vectors as recorded, but for their numbers", () =>
    Effect.gen(function*() {
      for (const name of ["embed", "v1-embeddings"]) {
        const recording = Recordings.get(version, name)
        const lengths: Array<number> = []
        const withoutNumbers = (chunks: ReadonlyArray<string>) =>
          chunks.join("").replace(/\[-?[\d.][^[\]]*\]/g, (vector) => {
            lengths.push((JSON.parse(vector) as Array<number>).length)
            return "VECTOR"
          })
        const theirs = recorded(recording)
        const expected = { ...theirs, chunks: withoutNumbers(theirs.chunks) }
        const [length] = lengths
        const answer = yield* send(recording).pipe(Effect.provide(MockOllama.layerHttpClient({
          version: mockVersion[version],
          models: [{ name: "scripted-plain", embeddingLength: length }]
        })))
        const ours = { ...answer, chunks: withoutNumbers(answer.chunks) }
        // long numbers do not fit the buffer within which Go announces the length
        assert.deepStrictEqual({ ...ours, framing: "" }, { ...expected, framing: "" })
        assert.deepStrictEqual(lengths, [length, length, length, length])
      }
    }))

  it.effect("shows a model as recorded", () =>
    Effect.gen(function*() {
      const recording = Recordings.get(version, "show-tool")
      const theirs = JSON.parse(recording.response.text) as {
        readonly modelfile: string
        readonly template: string
        readonly tensors: unknown
        readonly modified_at: string
        readonly details: object
        readonly model_info: Record<string, unknown>
      }
      const answer = yield* send(recording).pipe(Effect.provide(MockOllama.layerHttpClient({
        version: mockVersion[version],
        models: [{
          name: "scripted-tool",
          capabilities: ["completion", "tools", "thinking"],
          parameters: { num_thread: 1, temperature: 0 },
          parameterSize: "65K",
          quantization: "F16",
          modifiedAt: theirs.modified_at,
          template: theirs.template,
          show: { modelfile: theirs.modelfile, tensors: theirs.tensors }
        }]
      })))
      const ours = JSON.parse(answer.chunks.join("")) as typeof theirs
      const arrays = (info: Record<string, unknown>) =>
        ["scores", "token_type", "tokens"].map((key) => Array.isArray(info[`tokenizer.ggml.${key}`]))
      const comparable = (shown: typeof theirs) =>
        JSON.stringify({
          ...shown,
          modified_at: "",
          details: {
            ...shown.details,
            parent_model: /^(|\/usr\/.*sha256-[0-9a-f]{64})$/.test(
              (shown.details as { parent_model: string }).parent_model
            )
          },
          model_info: [
            shown.model_info["general.architecture"],
            shown.model_info["llama.context_length"],
            arrays(shown.model_info)
          ]
        })
      assert.strictEqual(comparable(ours), comparable(theirs))
      assert.strictEqual(answer.framing, "chunked")
      assert.strictEqual(answer.chunks.length, 1)
    }))

  it.effect("tells which models are loaded, and until when, as recorded", () =>
    Effect.gen(function*() {
      yield* send(Recordings.get(version, "native-load"))
      yield* send(Recordings.get(version, "native-load-forever"))
      const { chunks, ...answer } = yield* send(Recordings.get(version, "ps-forever"))
      const [ours] = (JSON.parse(chunks.join("")) as { models: Array<object> }).models
      const theirs = recorded(Recordings.get(version, "ps-forever"))
      const [first] = (JSON.parse(theirs.chunks.join("")) as { models: Array<object> }).models
      assert.deepStrictEqual(Object.keys(ours!), Object.keys(first!))
      assert.strictEqual(answer.contentType, theirs.contentType)
      yield* send(Recordings.get(version, "native-unload"))
      assert.deepStrictEqual((yield* send(Recordings.get(version, "ps-empty"))).chunks, ["{\"models\":[]}"])
    }).pipe(Effect.provide(MockOllama.layerHttpClient({ version: mockVersion[version], models: ["scripted-plain"] }))))
})

describe("the mock of v0.33.0-rc2", () => {
  for (const name of newestOnly) {
    it.effect(`calls, fails or ends as recorded: ${name}`, () =>
      Effect.forEach(fourWays(name), (one) => sameAsRecorded("v0.33.0-rc2", one)))
  }
  for (const name of ["error-native-busy", "error-v1-busy"]) {
    it.effect(`is busy as recorded: ${name}`, () =>
      sameAsRecorded("v0.33.0-rc2", name, {
        models: ["scripted-native-plain"],
        replies: [{ fault: { type: "busy" } }]
      }))
  }

  const pulls: ReadonlyArray<readonly [name: string, description: MockOllama.Description]> = [
    ["pull-no-model", {}],
    ["pull-whole", {}],
    ["pull-missing", { registry: { models: [] } }],
    ["pull-missing-whole", { registry: { models: [] } }]
  ]
  for (const [name, description] of pulls) {
    it.effect(`pulls, or does not, as recorded: ${name}`, () => sameAsRecorded("v0.33.0-rc2", name, description))
  }

  it.effect("pulls a model that is there as recorded", () =>
    Effect.gen(function*() {
      const recording = Recordings.get("v0.33.0-rc2", "pull-again")
      const name = (JSON.parse(recording.request.body!) as { readonly model: string }).model
      const { chunks, ...theirs } = recorded(recording)
      const { chunks: lines, ...ours } = yield* send(recording).pipe(Effect.provide(MockOllama.layerHttpClient({
        models: [name],
        registry: { layers: [7_953_120, 262, 33, 149] }
      })))
      const withoutDigests = (line: string) => line.replace(/[0-9a-f]{12,64}/g, "HEX")
      assert.deepStrictEqual([ours, lines.map(withoutDigests)], [theirs, chunks.map(withoutDigests)])
    }))
})
