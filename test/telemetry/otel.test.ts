/**
 * What an exporter of OpenTelemetry is given, as docs/telemetry.md shows it. `UPDATE_DOCS=1` writes it there.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { assert, describe, it } from "@effect/vitest"
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  type MetricData,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Fiber, Layer, Schema, Stream, TestClock } from "effect"
import { ChatCompletions, ToolLoop } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { readFileSync, writeFileSync } from "node:fs"

const docs = new URL("../../docs/telemetry.md", import.meta.url)

const spans = new InMemorySpanExporter()
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 })

const OtelLive = NodeSdk.layer(() => ({
  resource: { serviceName: "test" },
  spanProcessor: new SimpleSpanProcessor(spans),
  metricReader: reader
}))

const weather = ToolLoop.tool({
  name: "get_weather",
  parameters: Schema.Struct({ city: Schema.String }),
  handler: ({ city }) => Effect.as(Effect.sleep("300 millis"), `21 degrees in ${city}`)
})

const MockLive = MockOllama.layer({
  models: ["gpt-oss:20b", "llama3.3", "qwen3"],
  replies: [
    {
      when: "gpt-oss:20b",
      text: "Because of Rayleigh scattering.",
      delayMs: { head: 800 },
      usage: { inputTokens: 18, outputTokens: 7 }
    },
    { when: "llama3.3", fault: { type: "status", status: 500, error: "llama runner process has terminated" } },
    {
      when: "qwen3",
      text: "Red.",
      delayMs: { head: 200, chunk: 50 },
      usage: { inputTokens: 15, outputTokens: 2 }
    },
    { when: "llama3.3", fault: { type: "busy" } },
    { when: "llama3.3", fault: { type: "status", status: 500, error: "llama runner process has terminated" } },
    {
      when: "gpt-oss:20b",
      toolCalls: [{ id: "call_1", name: "get_weather", arguments: { city: "Paris" } }],
      usage: { inputTokens: 120, outputTokens: 20 }
    },
    { when: "gpt-oss:20b", text: "It is 21 degrees.", usage: { inputTokens: 150, outputTokens: 8 } }
  ]
}, {
  config: {
    models: {
      providers: {
        ollama: { apiKey: "secret-key", models: [{ id: "gpt-oss:20b" }, { id: "llama3.3" }, { id: "qwen3" }] }
      }
    },
    agents: { defaults: { model: "ollama/gpt-oss:20b" } }
  }
})

const programs: ReadonlyArray<
  readonly [title: string, program: Effect.Effect<unknown, unknown, ChatCompletions.ChatCompletions>]
> = [
  [
    "A success",
    ChatCompletions.create({ prompt: "Why is the sky blue?", temperature: 0, maxTokens: 200, stop: "END" })
  ],
  [
    "A fallback, streamed",
    Stream.runDrain(
      ChatCompletions.stream({
        prompt: "Name a colour.",
        model: "ollama/llama3.3",
        fallbacks: ["ollama/qwen3"],
        streaming: true
      })
    )
  ],
  [
    "A failure, after a retry",
    Effect.flip(ChatCompletions.create({ prompt: "Name a colour.", model: "ollama/llama3.3", fallbacks: [] }))
  ],
  ["A tool loop", ToolLoop.run({ prompt: "What is the weather in Paris?", tools: [weather] })]
]

const millis = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6

const shown = (attributes: object): string =>
  Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ")

// Those of HttpClient are its own.
const attributesOf = ({ attributes, name }: ReadableSpan): object => name.startsWith("http.client") ? {} : attributes

const tree = (all: ReadonlyArray<ReadableSpan>, parent: string | undefined, indent: string): ReadonlyArray<string> =>
  all
    .filter((span) => span.parentSpanContext?.spanId === parent)
    .sort((a, b) => millis(a.startTime) - millis(b.startTime))
    .flatMap((span) => [
      `${indent}${span.name} (${millis(span.duration).toFixed(0)} ms${span.status.code === 2 ? ", error" : ""})`,
      ...Object.entries(attributesOf(span)).map(([name, value]) => `${indent}  ${name}: ${JSON.stringify(value)}`),
      ...span.events.filter(({ name }) => name.startsWith("effect_ollama")).map(({ attributes, name }) =>
        `${indent}  * ${name} ${shown(attributes ?? {})}`
      ),
      ...tree(all, span.spanContext().spanId, `${indent}    `)
    ])

const points = ({ dataPointType, dataPoints, descriptor }: MetricData): ReadonlyArray<string> => [
  `${descriptor.name} (${descriptor.unit})`,
  ...dataPoints.filter(({ attributes }) => attributes["app"] === "docs").map((
    { attributes: { app: _, unit: __, ...attributes }, value }
  ) =>
    `  ${shown(attributes)}: ${
      dataPointType === DataPointType.HISTOGRAM && typeof value === "object" && "sum" in value
        ? `${value.count} of ${Number((value.sum ?? 0).toFixed(3))} in all`
        : JSON.stringify(value)
    }`
  ).sort()
]

const block = (lines: ReadonlyArray<string>) => `\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\`\n\n`

// Effect's registry is one for all tests of a process.
const ours = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  program.pipe(Effect.withRandomFixed([0.5]), Effect.tagMetrics("app", "docs"))

const seen = Effect.gen(function*() {
  const sections: Array<string> = []
  for (const [title, program] of programs) {
    spans.reset()
    const fiber = yield* Effect.fork(ours(program))
    yield* Effect.repeatN(TestClock.adjust("500 millis"), 5)
    yield* Fiber.join(fiber)
    sections.push(`### ${title}${block(tree(spans.getFinishedSpans(), undefined, ""))}`)
  }
  yield* Effect.promise(() => reader.forceFlush())
  const found = metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ descriptor: { name } }) => /^(gen_ai|effect_ollama)/.test(name))
    .sort((a, b) => a.descriptor.name < b.descriptor.name ? -1 : 1)
  sections.push(`### The metrics of all four${block(found.flatMap(points))}`)
  return sections.join("").trimEnd()
})

describe("an exporter of OpenTelemetry", () => {
  it.effect("gets the spans and metrics that docs/telemetry.md shows", () =>
    Effect.gen(function*() {
      const all = yield* seen
      assert.notInclude(all, "secret-key")
      assert.notInclude(all, "Rayleigh")
      assert.notInclude(all, "Why is the sky")
      const [before, after = ""] = readFileSync(docs, "utf8").split("<!-- seen -->\n")
      const wanted = `${before}<!-- seen -->\n\n${all}\n`
      if (process.env["UPDATE_DOCS"] === "1") writeFileSync(docs, wanted)
      else assert.strictEqual(`\n${all}\n`, after)
    }).pipe(Effect.provide(Layer.merge(MockLive, OtelLive))))
})
