import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { env, home, load, ok } from "./fixtures.js"

// The examples of OpenClaw's page about Ollama, word for word.
const primary = `{
  agents: {
    defaults: {
      model: { primary: "ollama/gpt-oss:20b" },
    },
  },
}
`
const explicit = `{
  models: {
    providers: {
      ollama: {
        // Use a host that includes /v1 for OpenAI-compatible APIs
        baseUrl: "http://ollama-host:11434/v1",
        apiKey: "ollama-local",
        api: "openai-completions",
        models: [
          {
            id: "gpt-oss:20b",
            name: "GPT-OSS 20B",
            reasoning: false,
            input: ["text"],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 8192,
            maxTokens: 8192 * 10
          }
        ]
      }
    }
  }
}
`
const customUrl = `{
  models: {
    providers: {
      ollama: {
        apiKey: "ollama-local",
        baseUrl: "http://ollama-host:11434/v1",
      },
    },
  },
}
`
const fallbacks = `{
  agents: {
    defaults: {
      model: {
        primary: "ollama/gpt-oss:20b",
        fallbacks: ["ollama/llama3.3", "ollama/qwen2.5-coder:32b"],
      },
    },
  },
}
`
const streaming = `{
  agents: {
    defaults: {
      models: {
        "ollama/gpt-oss:20b": {
          streaming: true,
        },
      },
    },
  },
}
`
const noStreaming = `{
  agents: {
    defaults: {
      models: {
        "openai/gpt-4": {
          streaming: false,
        },
      },
    },
  },
}
`
const read = (text: string, variables: Readonly<Record<string, string>> = env) =>
  load({ [`${home}/openclaw.json`]: text }, variables)

describe("the document's examples", () => {
  it.effect("OLLAMA_API_KEY alone discovers at 127.0.0.1:11434", () =>
    Effect.gen(function*() {
      const config = yield* load({}, env)
      const ollama = ok(config.providers[0]!.result)
      assert.strictEqual(ollama.source, "discovered")
      assert.strictEqual(ollama.root, "http://127.0.0.1:11434")
      assert.strictEqual(ollama.key?.source, "env OLLAMA_API_KEY")
      assert.isFalse(config.source.configFound)
      assert.deepStrictEqual(config.diagnostics, [])
    }))

  it.effect("a primary model", () =>
    Effect.gen(function*() {
      const config = yield* read(primary)
      assert.strictEqual(config.primary, "ollama/gpt-oss:20b")
      assert.deepStrictEqual(config.fallbacks, [])
      assert.strictEqual(ok(config.providers[0]!.result).source, "discovered")
    }))

  it.effect("an explicit provider with a model and `8192 * 10`", () =>
    Effect.gen(function*() {
      const config = yield* read(explicit, {})
      const ollama = ok(config.providers[0]!.result)
      assert.strictEqual(ollama.source, "configured")
      assert.strictEqual(ollama.api, "openai-completions")
      assert.strictEqual(ollama.root, "http://ollama-host:11434")
      assert.strictEqual(ollama.completionsUrl, "http://ollama-host:11434/v1")
      assert.strictEqual(Redacted.value(ollama.key!.value), "ollama-local")
      assert.strictEqual(ollama.key!.source, "config")
      assert.isTrue(ollama.key!.explicit)
      assert.deepStrictEqual(ollama.models, [{
        definition: {
          id: "gpt-oss:20b",
          name: "GPT-OSS 20B",
          reasoning: false,
          input: ["text"],
          cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
          contextWindow: 8192,
          maxTokens: 81920,
          known: ["name", "reasoning", "input", "cost", "contextWindow", "maxTokens"]
        }
      }])
      assert.deepStrictEqual(config.diagnostics, [])
    }))

  it.effect("an explicit provider whose key comes from OLLAMA_API_KEY", () =>
    Effect.gen(function*() {
      const config = yield* read(explicit.replace(/apiKey: .*\n/, "\n"))
      const ollama = ok(config.providers[0]!.result)
      assert.strictEqual(ollama.source, "configured")
      assert.strictEqual(ollama.key?.source, "env OLLAMA_API_KEY")
    }))

  it.effect("a base URL without models discovers nothing", () =>
    Effect.gen(function*() {
      const config = yield* read(customUrl)
      const { result } = config.providers[0]!
      assert.strictEqual(result._tag === "Left" && result.left._tag, "NoModelsConfigured")
    }))

  it.effect("a primary model with fallbacks", () =>
    Effect.gen(function*() {
      const config = yield* read(fallbacks)
      assert.strictEqual(config.primary, "ollama/gpt-oss:20b")
      assert.deepStrictEqual(config.fallbacks, ["ollama/llama3.3", "ollama/qwen2.5-coder:32b"])
    }))

  it.effect("streaming switched on for a model", () =>
    Effect.gen(function*() {
      const config = yield* read(streaming)
      assert.deepStrictEqual(config.models, [{ ref: "ollama/gpt-oss:20b", streaming: true }])
    }))

  it.effect("streaming switched off for another provider's model", () =>
    Effect.gen(function*() {
      const config = yield* read(noStreaming)
      assert.deepStrictEqual(config.models, [{ ref: "openai/gpt-4", streaming: false }])
      assert.deepStrictEqual(config.diagnostics, [])
    }))
})

describe("the document in Korean", () => {
  const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")
  const english = read("ollama-provider.md")
  const korean = read("ollama-provider.ko.md")
  const all = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([found]) => found)

  it("has the same examples, sections and names of code as the one in English", () => {
    const blocks = /^ *```\w+\n[\s\S]*?^ *```$/gm
    assert.deepStrictEqual(all(korean, blocks), all(english, blocks))
    const levels = (text: string) => all(text.replaceAll(blocks, ""), /^#+ /gm)
    assert.deepStrictEqual(levels(korean), levels(english))
    const errors = /`[A-Z][A-Za-z]+[A-Z][A-Za-z]+`/g
    assert.deepStrictEqual(new Set(all(korean, errors)), new Set(all(english, errors)))
  })
})
