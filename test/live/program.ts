/** The command: finds the server, runs the checks, prints the table. */
import type { HttpClient } from "@effect/platform"
import { Console, Effect, Option } from "effect"
import { run, table, version } from "./conformance.js"

/** The values of `--model`, given once or more, also as `--model=ref`. */
export const modelsOf = (args: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const models = args.flatMap((arg, i) =>
    arg.startsWith("--model=") ? [arg.slice("--model=".length)] : args[i - 1] === "--model" ? [arg] : []
  )
  return models.length === 0 ? undefined : models.map((model) => model.includes("/") ? model : `ollama/${model}`)
}

/** The exit code: 1 when a check failed. */
export const main = (
  baseUrl: string,
  args: ReadonlyArray<string>
): Effect.Effect<number, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const found = yield* version(baseUrl)
    if (Option.isNone(found)) {
      yield* Console.log(`No Ollama answers at ${baseUrl}: the live tests are skipped. Start one, or set OLLAMA_HOST.`)
      return 0
    }
    const results = yield* run({
      baseUrl,
      models: modelsOf(args),
      report: ({ check, model, result }) => Console.error(`${result.padEnd(7)} ${check} ${model}`)
    })
    yield* Console.log(`\nOllama ${found.value} at ${baseUrl}\n\n${table(results)}`)
    return results.some(({ result }) => result === "failed") ? 1 : 0
  })
