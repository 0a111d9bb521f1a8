/** What is asked of a model, and what came of it in a word; written for the modules of either Effect. */
const run = async ({ Effect }, effect, layer) => {
  const exit = await Effect.runPromise(Effect.exit(Effect.provide(effect, layer)))
  if (exit._tag === "Success") return { value: exit.value }
  const [reason] = exit.cause.reasons ?? exit.cause.failures
  return { error: reason.error ?? reason.defect }
}

const told = (error, errorOf) => {
  const ours = errorOf?.(error)
  return `\`${ours?._tag ?? error?.reason?._tag ?? error?._tag ?? error?.name}\``
}

const collected = async (modules, layer, options = {}) => {
  const { Effect, LanguageModel, Stream } = modules
  const parts = []
  const stream = Stream.runForEach(
    LanguageModel.streamText({ prompt: "Hi", ...options }),
    (part) => Effect.sync(() => void parts.push(part))
  )
  const { error } = await run(modules, stream, layer)
  return { parts, error, types: parts.map(({ type }) => type) }
}

const outcome = async (modules, layer) => {
  const { error, types } = await collected(modules, layer)
  const closed = !types.includes("text-start") ? "not begun" : types.includes("text-end") ? "closed" : "left open"
  if (error !== undefined) return `${told(error, modules.errorOf)}, its text ${closed}`
  return types.includes("finish") ? "a success" : `a success without a finish, its text ${closed}`
}

const failure = async (modules, layer, options = {}) => {
  const { error } = await run(modules, modules.LanguageModel.generateText({ prompt: "Hi", ...options }), layer)
  return error === undefined ? "a success" : told(error, modules.errorOf)
}

const toolkit = ({ Effect, Layer, Schema, Tool, Toolkit }) => {
  const kit = Toolkit.make(Tool.make("get_time", { success: Schema.String }))
  return { kit, handlers: kit.toLayer({ get_time: () => Effect.succeed("12:00") }), Layer }
}

const within = (millis, promise) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, millis, "waits on").unref())])

/** By what is compared: the replies of the server, and what is done with them. */
export const cases = {
  "Text, whole and streamed": {
    replies: [{ text: "Hello." }],
    run: async (modules, layer) => {
      const { value } = await run(modules, modules.LanguageModel.generateText({ prompt: "Hi" }), layer)
      const { parts } = await collected(modules, layer)
      const streamed = parts.map((part) => part.type === "text-delta" ? part.delta : "").join("")
      return value?.text === "Hello." && streamed === "Hello." ? "yes" : "no"
    }
  },
  "Blocks of reasoning for one thought of three tokens, streamed": {
    replies: [{ reasoning: ["a", "b", "c"], text: "Hello." }],
    run: async (modules, layer) =>
      String((await collected(modules, layer)).types.filter((type) => type === "reasoning-start").length)
  },
  "A toolkit, streamed": {
    replies: [{ toolCalls: [{ name: "get_time" }] }],
    run: async (modules, layer) => {
      const { handlers, kit, Layer } = toolkit(modules)
      const { types } = await collected(modules, Layer.merge(layer, handlers), { toolkit: kit })
      return types.includes("tool-result") ? "yes" : "no"
    }
  },
  "A stream that is cut": {
    replies: [{ text: ["Hello", " there"], delayMs: { chunk: 100 }, fault: { type: "close", after: 1 } }],
    run: outcome
  },
  "An error of the server in the middle of a stream": {
    replies: [{
      text: ["Hello", " there"],
      delayMs: { chunk: 100 },
      fault: { type: "error", message: "out of memory", after: 1 }
    }],
    run: outcome
  },
  "A server that says nothing more": {
    replies: [{ text: ["Hello", " there"], fault: { type: "stall", after: 1 } }],
    run: (modules, layer) => within(4000, outcome(modules, layer))
  },
  "Nothing listens": { stopped: true, replies: ["Hello."], run: failure },
  "The model is not there": { replies: [{ fault: { type: "missing-model" } }], run: failure },
  "The model has no tools": {
    replies: [{
      fault: { type: "status", status: 400, error: "registry.ollama.ai/library/m:latest does not support tools" }
    }],
    run: (modules, layer) => {
      const { handlers, kit, Layer } = toolkit(modules)
      return failure(modules, Layer.merge(layer, handlers), { toolkit: kit })
    }
  },
  "An object with an optional field": {
    replies: [{ text: "{\"name\":\"Ada\"}" }],
    run: async (modules, layer) => {
      const { LanguageModel, Schema } = modules
      const schema = Schema.Struct({ name: Schema.String, age: Schema.optional(Schema.Finite) })
      const { error, value } = await run(modules, LanguageModel.generateObject({ prompt: "Who?", schema }), layer)
      return error === undefined ? (value.value.name === "Ada" ? "yes" : "no") : told(error, modules.errorOf)
    }
  },
  "`num_ctx` and `keep_alive`": {
    replies: ["Hello."],
    run: async (modules, layer, requests) => {
      await run(modules, modules.LanguageModel.generateText({ prompt: "Hi" }), layer)
      const sent = (await requests()).find(({ path }) => /chat/.test(path))
      const is = sent.json?.options?.num_ctx === 16384 || sent.json?.num_ctx === 16384
      return !is ? "not sent" : sent.path === "/api/chat" ? "sent" : "sent to an API that does not read them"
    }
  }
}
