/**
 * A chat with the models of an Ollama, in a page: its words appear as they come, and it can be stopped.
 *
 *   npm run example:browser                then open what it says
 *   …/?ollama=http://gpu-box:11434         another Ollama, which must allow this page: OLLAMA_ORIGINS
 */
import { FetchHttpClient } from "@effect/platform"
import { Cause, Effect, Exit, Layer, ManagedRuntime, Stream } from "effect"
import { ChatCompletions, type Message, Models, Ollama } from "effect-ollama"

const baseUrl = new URLSearchParams(location.search).get("ollama") ?? "http://127.0.0.1:11434"

// =============================================================================
// the Ollama
// =============================================================================

// Without `streaming` an Ollama is asked for whole answers, as OpenClaw does: all the text would come at once.
const runtime = ManagedRuntime.make(
  Layer.provide(
    Ollama.layerValue({}, { baseUrl, discover: true, keepWithoutTools: true, streaming: true }),
    FetchHttpClient.layer
  )
)

// =============================================================================
// the page
// =============================================================================

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E
const log = find("log")
const model = find<HTMLSelectElement>("model")
const prompt = find<HTMLTextAreaElement>("prompt")
const button = find<HTMLButtonElement>("button")

const say = (who: "user" | "assistant", text = "") => {
  const article = document.createElement("article")
  article.className = who
  const part = (name: string) => {
    const span = document.createElement("span")
    span.className = name
    article.append(span)
    return span
  }
  const parts = { reasoning: part("reasoning"), text: part("text"), note: part("note") }
  parts.text.textContent = text
  log.append(article)
  article.scrollIntoView({ block: "end" })
  return parts
}

type Bubble = ReturnType<typeof say>

const fail = ({ note }: Bubble, hint: string) => {
  note.className = "note wrong"
  note.textContent = hint
}

// =============================================================================
// the conversation
// =============================================================================

const history: Array<Message.Message> = []

/** Writes an answer into the page, word by word. */
const answer = (bubble: Bubble) =>
  ChatCompletions.stream({ model: model.value, prompt: [...history] }).pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        switch (event.type) {
          case "reasoning-delta":
            return bubble.reasoning.append(event.delta)
          case "text-delta":
            return bubble.text.append(event.delta)
          case "finish":
            bubble.note.textContent = `${event.ref}, ${event.usage?.outputTokens ?? "?"} tokens`
        }
      })
    ),
    Effect.catchAll((error) => Effect.sync(() => fail(bubble, error.hint)))
  )

let stop: (() => void) | undefined

const ask = (question: string) => {
  history.push({ role: "user", content: question })
  say("user", question)
  const bubble = say("assistant")
  button.textContent = "Stop"
  // Interrupting closes the connection, and that stops Ollama.
  stop = runtime.runCallback(answer(bubble), {
    onExit: (exit) => {
      stop = undefined
      button.textContent = "Send"
      if (Exit.isFailure(exit)) {
        if (Cause.isInterruptedOnly(exit.cause)) bubble.note.textContent = "stopped"
        else fail(bubble, Cause.pretty(exit.cause))
      }
      history.push({ role: "assistant", content: bubble.text.textContent ?? "" })
    }
  })
}

find<HTMLFormElement>("form").addEventListener("submit", (event) => {
  event.preventDefault()
  if (stop !== undefined) return stop()
  const question = prompt.value.trim()
  if (question === "" || model.value === "") return
  prompt.value = ""
  ask(question)
})

prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey) return
  event.preventDefault()
  find<HTMLFormElement>("form").requestSubmit()
})

runtime.runCallback(
  Models.refresh("ollama").pipe(
    Effect.map(({ models }) => model.append(...models.map(({ id }) => new Option(id, `ollama/${id}`)))),
    Effect.catchAll((error) => Effect.sync(() => fail(say("assistant"), error.hint)))
  ),
  { onExit: (exit) => Exit.isFailure(exit) && fail(say("assistant"), Cause.pretty(exit.cause)) }
)
