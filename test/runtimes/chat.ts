/** The chat page of `examples/browser`, built by Vite and used by a headless Chromium, as a person would use it. */
import { Effect } from "effect"
import { makeServer } from "effect-ollama/testing/node"
import * as assert from "node:assert/strict"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { build, type Rollup } from "vite"
import { launch } from "./chromium.js"
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

/** Every text that the last answer has had so far, in order. */
const watched = (page: Page) =>
  page.evaluate(() => {
    const seen: Array<string> = []
    // without a name: what compiles this file would keep it, by a function that the page has not
    new MutationObserver(() => {
      const text = document.querySelector("article.assistant:last-child .text")?.textContent ?? ""
      if (seen.at(-1) !== text) seen.push(text)
    }).observe(document.getElementById("log")!, { childList: true, subtree: true })
    Object.assign(globalThis, { seen })
  })

const seen = (page: Page) => page.evaluate(() => (globalThis as unknown as { seen: Array<string> }).seen)

const ask = async (page: Page, question: string) => {
  await page.getByLabel("Prompt").fill(question)
  await page.getByRole("button", { name: "Send" }).click()
}

const last = (page: Page, part: string) => page.locator(`article.assistant:last-child .${part}`)

/** Words appear one by one; "Stop" stops the server; what went before is sent again; an error is shown with its hint. */
export const chat = Effect.gen(function*() {
  const { mock, server } = yield* makeServer({
    models: ["small:1b"],
    replies: [
      { text: "one two three four", delayMs: { chunk: 120 } },
      { text: "never to be finished", delayMs: { chunk: 120 }, fault: { type: "stall", after: 2 } },
      { text: "Bye.", fault: { type: "status", status: 500, error: "out of memory" } }
    ]
  })
  const root = yield* Effect.flatMap(built, serveFiles)
  const browser = yield* launch
  const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 800, height: 600 } }))
  page.setDefaultTimeout(10_000)

  yield* Effect.promise(async () => {
    await page.goto(`${root}/?ollama=${server.url}`)
    await page.locator("#model option").waitFor({ state: "attached" })
    await watched(page)
    await ask(page, "Count.")
    await last(page, "note").filter({ hasText: "tokens" }).waitFor()
    const states = await seen(page)
    assert.ok(states.length > 3 && states.every((text) => "one two three four".startsWith(text)), states.join("; "))

    await ask(page, "Go on.")
    await last(page, "text").filter({ hasText: "never to" }).waitFor()
    await page.getByRole("button", { name: "Stop" }).click()
  })
  const stopped = yield* server.nextAborted.pipe(
    Effect.timeoutFail({ duration: 3000, onTimeout: () => new Error("the server did not see the connection close") })
  )
  const { messages } = stopped.json as { readonly messages: ReadonlyArray<object> }
  assert.deepEqual(messages, [
    { role: "user", content: "Count." },
    { role: "assistant", content: "one two three four" },
    { role: "user", content: "Go on." }
  ])

  yield* Effect.promise(async () => {
    await last(page, "note").filter({ hasText: "stopped" }).waitFor()
    assert.equal(await last(page, "text").textContent(), "never to")

    await ask(page, "And now?")
    await last(page, "wrong").filter({ hasText: "out of memory" }).waitFor()
  })
  assert.equal((yield* mock.requests).filter(({ aborted }) => aborted).length, 1)
  if (process.env["SCREENSHOT"] !== undefined) {
    yield* Effect.promise(() => page.screenshot({ path: process.env["SCREENSHOT"]! }))
  }
}).pipe(Effect.scoped)
