/** The chat page of `examples/browser`, built by Vite and used by a headless Chromium, as a person would use it. */
import { Effect } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import * as assert from "node:assert/strict"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { build, type Rollup } from "vite"
import { openPage } from "./chromium.js"
import { serveFiles } from "./servers.js"

const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" }

/** What Vite makes of the page, in memory. */
const built = Effect.promise(async () => {
  const configFile = fileURLToPath(new URL("../../examples/browser/vite.config.ts", import.meta.url))
  const { output } = await build({ configFile, logLevel: "warn", build: { write: false } }) as Rollup.RollupOutput
  return new Map(output.map((file) => {
    const text = file.type === "chunk" ? file.code : file.source.toString()
    const name = file.fileName === "index.html" ? "" : file.fileName
    return [`/${name}`, { type: types[file.fileName.split(".").at(-1)!] ?? "text/plain", text }]
  }))
})

const ask = async (page: Page, question: string) => {
  await page.getByLabel("Prompt").fill(question)
  await page.getByRole("button", { name: "Send" }).click()
}

/** Waits until a part of the last answer has exactly this text. */
const shows = (page: Page, part: string, text: string) =>
  page.locator(`article.assistant:last-child .${part}`).filter({ hasText: new RegExp(`^${text}$`) }).waitFor()

/** After that many words the server says no more, and does not end. */
const stalls = (after: number): MockOllama.Reply => ({ text: "one two three", fault: { type: "stall", after } })

/**
 * Each word is shown while the server has not said the next; "Stop" stops the server; what went before is sent again; an
 * error is shown with its hint.
 */
export const chat = Effect.gen(function*() {
  const { mock, server } = yield* makeServer({
    models: ["small:1b"],
    replies: [
      stalls(1),
      stalls(2),
      { text: "one two three" },
      { text: "Bye.", fault: { type: "status", status: 500, error: "out of memory" } }
    ]
  })
  const page = yield* openPage
  const root = yield* Effect.flatMap(built, serveFiles)
  yield* Effect.promise(async () => {
    await page.goto(`${root}/?ollama=${server.url}`)
    await page.locator("#model option").waitFor({ state: "attached" })
  })

  for (const text of ["one", "one two"]) {
    yield* Effect.promise(async () => {
      await ask(page, "Count.")
      await shows(page, "text", text)
      await page.getByRole("button", { name: "Stop" }).click()
      await shows(page, "note", "stopped")
    })
    yield* server.nextAborted.pipe(
      Effect.timeoutFail({ duration: "30 seconds", onTimeout: () => new Error("the server did not see a stop") })
    )
  }

  yield* Effect.promise(async () => {
    await ask(page, "Go on.")
    await shows(page, "text", "one two three")
    await shows(page, "note", ".*tokens")
    await ask(page, "And now?")
    await page.locator("article.assistant:last-child .wrong").filter({ hasText: "out of memory" }).waitFor()
  })
  const asked = (yield* mock.requests).filter(({ method, path }) =>
    method === "POST" && path === "/v1/chat/completions"
  )
  assert.deepEqual(asked.map(({ aborted }) => aborted), [true, true, false, false])
  assert.deepEqual((asked[2]!.json as { readonly messages: unknown }).messages, [
    { role: "user", content: "Count." },
    { role: "assistant", content: "one" },
    { role: "user", content: "Count." },
    { role: "assistant", content: "one two" },
    { role: "user", content: "Go on." }
  ])
  if (process.env["SCREENSHOT"] !== undefined) {
    yield* Effect.promise(() => page.screenshot({ path: process.env["SCREENSHOT"]! }))
  }
}).pipe(Effect.scoped)
