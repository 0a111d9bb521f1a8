// Compares `effect-ollama/ai` of effect4/build with the newest `@effect/ai-openai-compat` on what an Ollama sends, and writes
// the table of the page on effect/ai: `npm ci --prefix effect4/comparison`, then `node effect4/scripts/compare.mjs`. With
// `--check` it fails where the table says something else.
import { Effect, Exit, Layer, Schema, Scope, Stream } from "effect"
import { LanguageModel, Tool, Toolkit } from "effect/ai"
import { FetchHttpClient } from "effect/http"
import { execFile } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { cases } from "../comparison/cases.mjs"

const dist = new URL("../build/dist/", import.meta.url).href
const { OllamaLanguageModel } = await import(`${dist}ai.js`)
const { makeServer } = await import(`${dist}testing/node.js`)
const Ollama = await import(`${dist}Ollama.js`)
const compat = new URL("../comparison/compat.mjs", import.meta.url)

const layerOf = (url) =>
  OllamaLanguageModel.layer({ config: { numCtx: 16384, keepAlive: "5m", idleTimeout: "1 second" } }).pipe(
    Layer.provide(Ollama.layerValue({
      models: { providers: { ollama: { baseUrl: url, apiKey: "k", api: "ollama", models: [{ id: "m" }] } } },
      agents: { defaults: { models: { "ollama/m": { streaming: true } } } }
    }, { completions: { retrySchedule: undefined } })),
    Layer.provide(FetchHttpClient.layer)
  )

/** A server with those replies, while something is done with it. */
const serving = async ({ replies, stopped }, use) => {
  const scope = Scope.makeUnsafe()
  const { mock, server } = await Effect.runPromise(Scope.provide(makeServer({ models: ["m"], replies }), scope))
  const requests = () => Effect.runPromise(mock.requests)
  if (stopped) await Effect.runPromise(server.stop)
  try {
    return await use(server.url, requests)
  } finally {
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

/** What was asked, for the other process. */
const telling = async (url, requests, use) => {
  const proxy = createServer(async (request, response) => {
    if (request.url === "/requests") return response.end(JSON.stringify(await requests()))
    const body = []
    for await (const piece of request) body.push(piece)
    try {
      const answer = await fetch(url + request.url, {
        method: request.method,
        headers: { "content-type": "application/json" },
        ...(body.length === 0 ? {} : { body: Buffer.concat(body) })
      })
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" })
      for await (const piece of answer.body ?? []) response.write(piece)
      response.end()
    } catch {
      response.destroy()
    }
  })
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  try {
    return await use(`http://127.0.0.1:${proxy.address().port}`)
  } finally {
    proxy.close()
    proxy.closeAllConnections()
  }
}

const modules = { Effect, Layer, LanguageModel, Schema, Stream, Tool, Toolkit, errorOf: OllamaLanguageModel.errorOf }
const onCompat = (name, url) =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [compat.pathname, name, url], { timeout: 60_000 }, (error, out, err) =>
      error === null ? resolve(JSON.parse(out)) : reject(new Error(err)))
  })

const rows = []
for (const [name, one] of Object.entries(cases)) {
  const ours = await serving(one, (url, requests) => one.run(modules, layerOf(url), requests))
  const theirs = await serving(
    one,
    (url, requests) =>
      name.includes("num_ctx") ? telling(url, requests, (url) => onCompat(name, url)) : onCompat(name, url)
  )
  rows.push(`| ${name} | ${ours} | ${theirs} |`)
  console.log(rows.at(-1))
}

const { version } = JSON.parse(
  readFileSync(new URL("../comparison/node_modules/@effect/ai-openai-compat/package.json", import.meta.url), "utf8")
)
const table =
  `\`effect-ollama/ai\` on \`api: "ollama"\`, and \`@effect/ai-openai-compat\` ${version} (with the beta of Effect that it is
for) on the \`/v1\` of the same server; what \`effect4/comparison\` finds.

| | \`effect-ollama/ai\` | \`@effect/ai-openai-compat\` |
| --- | --- | --- |
${rows.join("\n")}
`
const file = new URL("../comparison/table.md", import.meta.url)
if (!process.argv.includes("--check")) writeFileSync(file, table)
else if (readFileSync(file, "utf8") !== table) {
  console.error("The table says something else: node effect4/scripts/compare.mjs")
  process.exit(1)
}
process.exit(0)
