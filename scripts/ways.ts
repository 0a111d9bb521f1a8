// The files of src with code that runs for a whole completion and for one chunk of a stream: what docs/architecture.md names. `npx tsx scripts/ways.ts`
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, Stream } from "effect"
import { ChatCompletions, Models } from "effect-ollama"
import { Session } from "node:inspector/promises"

const session = new Session()
session.connect()
await session.post("Profiler.enable")
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false })

/** The files in which a function was called since the last question. */
const called = async (): Promise<ReadonlyArray<string>> => {
  const { result } = await session.post("Profiler.takePreciseCoverage")
  return result.flatMap(({ functions, url }) => {
    const file = /\/src\/(.+\.ts)$/.exec(url)?.[1]
    // not the module itself, which begins where the file does
    return file !== undefined
        && functions.some(({ ranges }) => ranges[0]!.startOffset > 0 && ranges[0]!.count > 0)
      ? [file]
      : []
  })
}

const json = (content: string) =>
  JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  })

const event = (n: number) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: `t${n}` } }] })}\n\n`

let answer: () => Response
const transport = Layer.provide(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.Fetch, () => Promise.resolve(answer()))
)
const show = (name: string, most: number, files: ReadonlyArray<string>) => {
  console.log(
    `${name}: ${files.length} (at most ${most})\n${files.toSorted().map((file) => `  ${file}`).join("\n")}`
  )
  if (files.length > most) process.exitCode = 1
}

const completions = (streaming: boolean) =>
  ChatCompletions.layer.pipe(
    Layer.provide(Models.layerStatic(
      streaming
        ? { id: "other", baseUrl: "http://127.0.0.1:1", apiKey: "k", models: ["m"] }
        : { baseUrl: "http://127.0.0.1:1", models: ["m"] }
    )),
    Layer.provide(transport)
  )

// a whole completion
await Effect.runPromise(
  Effect.gen(function*() {
    answer = () => new Response(json("Hello"))
    yield* ChatCompletions.create({ prompt: "Hi" })
    yield* Effect.promise(called)
    yield* ChatCompletions.create({ prompt: "Hi" })
    show("a whole completion", 14, yield* Effect.promise(called))
  }).pipe(Effect.provide(completions(false)))
)

// one chunk of a stream
await Effect.runPromise(
  Effect.gen(function*() {
    let controller: ReadableStreamDefaultController<Uint8Array>
    const send = (text: string) => controller.enqueue(new TextEncoder().encode(text))
    answer = () => new Response(new ReadableStream({ start: (given) => void (controller = given) }))
    let seen = 0
    const files: Array<ReadonlyArray<string>> = []
    yield* Effect.delay(Effect.sync(() => send(event(0))), 10).pipe(Effect.fork)
    yield* ChatCompletions.stream({ prompt: "Hi" }).pipe(
      Stream.filter((event) => event.type === "text-delta"),
      Stream.takeWhile(() => seen++ < 10),
      Stream.runForEach(() =>
        Effect.promise(async () => {
          files.push(await called())
          setTimeout(() => send(event(seen)), 5)
        })
      )
    )
    show("one chunk of a stream", 9, files.at(-1)!)
  }).pipe(Effect.provide(completions(true)))
)

process.exit()
