/**
 * What must hold on every runtime, as one program: it asks the servers of `servers.ts` through whatever `HttpClient` it
 * is given, and says what came of it as plain data. Nothing in here knows where it runs.
 */
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Fiber, Schedule, Schema, Stream } from "effect"
import { ChatCompletions, Message, type Model, Models, Ollama, type OllamaError, ToolLoop } from "effect-ollama"
import { type Faults, faults, type Shape, shapeOf } from "./shapes.js"

/** Where the servers are. */
export interface Servers extends Faults {
  /** Tells whether the mock saw a request's connection close. */
  readonly control: string
}

export interface Report {
  /** What came of each check: `ok`, or in short what happened instead. */
  readonly outcomes: Readonly<Record<string, string>>
  /** How this runtime's client tells of each fault. */
  readonly shapes: ReadonlyArray<Shape>
}

type Run = Effect.Effect<unknown, unknown, HttpClient.HttpClient>

interface Target {
  readonly servers: Servers
  readonly api: Model.Api
  /** By which the mock knows what it is to do. */
  readonly prompt: string
}

const apis: ReadonlyArray<Model.Api> = ["openai-completions", "ollama"]

// =============================================================================
// saying what happened
// =============================================================================

class Wrong extends Schema.TaggedError<Wrong>()("Wrong", { detail: Schema.String }) {}

const must = (holds: boolean, detail: () => string) => holds ? Effect.void : new Wrong({ detail: detail() })

const same = (found: unknown, wanted: unknown) =>
  must(
    JSON.stringify(found) === JSON.stringify(wanted),
    () => `${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`
  )

/** An error in a few words, as in the table: its tag, and the reason or phase. */
const inShort = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return String(error)
  const { _tag, detail, phase, reason } = error as Readonly<Record<string, string | undefined>>
  if (_tag === "Wrong") return String(detail)
  return [_tag ?? String(error), reason ?? phase].filter((word) => word !== undefined).join(" ")
}

/** Succeeds when an effect fails as it is wanted to. */
const failsAs = <E extends OllamaError.OllamaError, R>(run: Effect.Effect<unknown, E, R>, wanted: string) =>
  Effect.flatMap(Effect.either(run), (result) =>
    result._tag === "Right"
      ? new Wrong({ detail: "succeeded" })
      : Effect.as(must(inShort(result.left) === wanted, () => inShort(result.left)), result.left))

// =============================================================================
// asking
// =============================================================================

const limits: ChatCompletions.Options = { retrySchedule: Schedule.stop, idleTimeout: 10_000, firstByteTimeout: 8000 }

const asking = (baseUrl: string, api: Model.Api, streaming: boolean, idleTimeout = limits.idleTimeout) =>
  Effect.provide(Ollama.layerValue({
    models: { providers: { ollama: { api, baseUrl, apiKey: "ollama-local", models: [{ id: "small:1b" }] } } },
    agents: { defaults: { models: { "ollama/small:1b": { streaming } } } }
  }, { completions: { ...limits, idleTimeout } }))

/** Waits until the mock has seen what is asked for of a request. */
const saw = (what: "come" | "gone", { prompt, servers }: Target) =>
  HttpClient.get(`${servers.control}/${what}?prompt=${encodeURIComponent(prompt)}`).pipe(
    Effect.flatMap((response) => response.text),
    Effect.flatMap((said) => must(said === "yes", () => `the server did not see it ${what}`))
  )

const words = (prompt: string) => Stream.filterMap(ChatCompletions.stream({ prompt }), ChatCompletions.textDelta)

const weather = ToolLoop.tool({
  name: "get_weather",
  parameters: Schema.Struct({ city: Schema.String }),
  handler: ({ city }) => Effect.succeed(`21 degrees in ${city}`)
})

/** Interrupts what has been asked, once the server knows of it. */
const interrupted = <E, R>(target: Target, run: Effect.Effect<unknown, E, R>) =>
  Effect.flatMap(Effect.fork(run), (fiber) =>
    saw("come", target).pipe(
      Effect.zipRight(Effect.sleep(100)),
      Effect.zipRight(Fiber.interrupt(fiber)),
      Effect.zipRight(saw("gone", target))
    ))

// =============================================================================
// the checks
// =============================================================================

const checks: Readonly<Record<string, (target: Target) => Run>> = {
  whole: ({ api, prompt, servers }) =>
    Effect.gen(function*() {
      const answer = yield* ChatCompletions.create({ prompt })
      yield* same([answer.text, answer.finishReason], ["Hello, wörld.", "stop"])
    }).pipe(asking(servers.mock, api, false)),

  streamed: ({ api, prompt, servers }) =>
    Effect.gen(function*() {
      yield* same([...(yield* Stream.runCollect(words(prompt)))], ["one", " two", " three", " four", " fïve"])
      // of these the server says no more than the first two, and never ends
      yield* same([...(yield* Stream.runCollect(Stream.take(words(`streamed, stalled (${api})`), 2)))], ["one", " two"])
    }).pipe(asking(servers.mock, api, true)),

  tools: ({ api, prompt, servers }) =>
    Effect.forEach([false, true], (streaming) =>
      ToolLoop.run({ prompt, tools: [weather] }).pipe(
        Effect.flatMap(({ history, response }) =>
          same([response.text, history.filter(({ role }) => role === "tool").map(({ content }) => content)], [
            "It is mild.",
            ["21 degrees in Paris"]
          ])
        ),
        asking(servers.mock, api, streaming)
      )),

  discovery: ({ api, servers }) =>
    Models.refresh("ollama").pipe(
      Effect.flatMap(({ models }) => same(models.map(({ id }) => id), ["small:1b"])),
      Effect.provide(Ollama.layerValue({ models: { providers: { ollama: { api } } } }, {
        discover: true,
        baseUrl: servers.mock
      }))
    ),

  "stop, waiting": (target) =>
    interrupted(target, ChatCompletions.create({ prompt: target.prompt })).pipe(
      asking(target.servers.mock, target.api, false)
    ),

  "stop, streaming": (target) =>
    interrupted(target, Stream.runDrain(ChatCompletions.stream({ prompt: target.prompt }))).pipe(
      asking(target.servers.mock, target.api, true)
    ),

  refused: ({ api, prompt, servers }) =>
    failsAs(ChatCompletions.create({ prompt }), "ConnectionRefused").pipe(asking(servers.refused, api, false)),

  // Without a reason from the runtime it may be a server that is just starting, too.
  "asked again": ({ api, servers }) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Models.refresh("ollama"))
      const attempts = "attempts" in error ? error.attempts : undefined
      yield* must(attempts === 4, () => `${inShort(error)} after ${attempts} attempts`)
      const hints = error._tag === "ConnectionRefused" ? ["ollama serve"] : ["ollama serve", "OLLAMA_ORIGINS"]
      yield* must(hints.every((hint) => error.hint.includes(hint)), () => `its hint is ${error.hint}`)
    }).pipe(
      Effect.provide(Ollama.layerValue({ models: { providers: { ollama: { api } } } }, {
        discover: true,
        baseUrl: servers.refused
      }))
    ),

  reset: ({ api, prompt, servers }) =>
    failsAs(ChatCompletions.create({ prompt }), "ConnectionFailed reset").pipe(asking(servers.mock, api, false)),

  cut: ({ api, prompt, servers }) =>
    Effect.gen(function*() {
      const error = yield* failsAs(
        Stream.runDrain(ChatCompletions.stream({ prompt })),
        "IncompleteResponse connection"
      )
      const parts = "partial" in error ? error.partial?.parts ?? [] : []
      // A stream of the web that breaks drops what nobody has read yet.
      yield* must(Message.textOf(parts).startsWith("one"), () => `had ${JSON.stringify(parts)}`)
    }).pipe(asking(servers.mock, api, true)),

  stall: (target) =>
    failsAs(Stream.runDrain(ChatCompletions.stream({ prompt: target.prompt })), "RequestTimeout idle").pipe(
      asking(target.servers.mock, target.api, true, 500),
      Effect.zipRight(saw("gone", target))
    ),

  dns: ({ api, prompt, servers }) =>
    failsAs(ChatCompletions.create({ prompt }), "ConnectionFailed dns").pipe(asking(servers.dns, api, false)),

  tls: ({ api, prompt, servers }) =>
    failsAs(ChatCompletions.create({ prompt }), "ConnectionFailed tls").pipe(asking(servers.tls, api, false)),

  certificate: ({ api, prompt, servers }) =>
    failsAs(ChatCompletions.create({ prompt }), "ConnectionFailed tls").pipe(asking(servers.certificate, api, false)),

  "not HTTP": ({ api, prompt, servers }) =>
    failsAs(ChatCompletions.create({ prompt }), "ConnectionFailed protocol").pipe(asking(servers.notHttp, api, false))
}

const outcomeOf = (name: string, check: (target: Target) => Run, servers: Servers) =>
  Effect.forEach(apis, (api) =>
    check({ servers, api, prompt: `${name} (${api})` }).pipe(
      Effect.timeoutFail({ duration: 20_000, onTimeout: () => new Wrong({ detail: "it never ended" }) }),
      Effect.catchAllDefect((defect) => new Wrong({ detail: `it died: ${String(defect)}` })),
      Effect.match({ onFailure: inShort, onSuccess: () => "ok" })
    )).pipe(Effect.map((outcomes) => [name, [...new Set(outcomes)].join(", ")] as const))

/** All checks, one after the other. */
export const report = (servers: Servers): Effect.Effect<Report, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const outcomes = yield* Effect.forEach(Object.entries(checks), ([name, check]) => outcomeOf(name, check, servers))
    const shapes = yield* Effect.forEach(
      faults(servers),
      ({ body, fault, phase, url }) =>
        HttpClientRequest.post(url).pipe(
          HttpClientRequest.bodyUnsafeJson(body),
          HttpClient.execute,
          Effect.flatMap((response) => response.text),
          Effect.timeoutFail({ duration: 10_000, onTimeout: () => new Wrong({ detail: "it never ended" }) }),
          Effect.catchAllDefect((defect) => Effect.fail(defect)),
          Effect.match({
            onFailure: (error): Shape => ({ fault, phase, error: shapeOf(error) }),
            onSuccess: (): Shape => ({ fault, phase, error: undefined })
          })
        )
    )
    return { outcomes: Object.fromEntries(outcomes), shapes }
  }).pipe(
    // A browser would ask the servers first whether they take its headers.
    Effect.locally(HttpClient.currentTracerPropagation, false)
  )
