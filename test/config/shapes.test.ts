import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import { resolved } from "./fixtures.js"

// The shapes in which people write openclaw.json, as public files have them.

interface Shape {
  readonly config: unknown
  readonly env?: Readonly<Record<string, string>>
  /** What each provider comes to: its URL for completions, its key (`-`: none) and its models, or the tag of its error. */
  readonly comesTo: Readonly<Record<string, string>>
  readonly primary?: string
  /** Where something is said; nothing by default. */
  readonly said?: Array<string>
}

const key = { OLLAMA_API_KEY: "ollama-local" }
const zero = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
const at = (providers: object, defaults: object = {}, more: object = {}) => ({
  models: { mode: "merge", providers },
  agents: { defaults },
  ...more
})

const shapes: Readonly<Record<string, Shape>> = {
  "discovery only": {
    config: { agents: { defaults: { model: { primary: "ollama/gpt-oss:20b" } } } },
    env: key,
    comesTo: { ollama: "http://127.0.0.1:11434/v1 ollama-local" },
    primary: "ollama/gpt-oss:20b"
  },
  "a cloud only, with sections that are not read": {
    config: {
      $schema: "https://example.org/schema.json",
      meta: { lastTouchedVersion: "2026.1.30" },
      wizard: { lastRunMode: "local" },
      agents: {
        defaults: {
          model: { primary: "moonshot/kimi-k2.5", fallbacks: [] },
          compaction: { memoryFlush: { enabled: true } }
        },
        list: [{ id: "main", model: "moonshot/kimi-k2.5" }]
      },
      gateway: { auth: { token: { source: "env", provider: "default", id: "UNSET_TOKEN" } } },
      channels: { telegram: { botToken: "${UNSET_BOT}" } },
      plugins: { entries: { telegram: { enabled: true } } }
    },
    comesTo: { ollama: "NotEnabled" },
    primary: "moonshot/kimi-k2.5"
  },
  "an explicit native Ollama, named by its variable, with a provider-wide context": {
    config: at({
      ollama: {
        api: "ollama",
        baseUrl: "http://127.0.0.1:11434",
        apiKey: "OLLAMA_API_KEY",
        timeoutSeconds: 360,
        contextWindow: 8192,
        models: [{
          id: "gemma4:e2b",
          input: ["text", "image"],
          maxTokens: 8192,
          cost: zero,
          compat: { supportsTools: true, supportsUsageInStreaming: true },
          params: { num_ctx: 8192, keep_alive: "30m", thinking: false }
        }]
      }
    }, { model: { primary: "ollama/gemma4:e2b" }, timeoutSeconds: 360, experimental: { localModelLean: true } }),
    comesTo: { ollama: "http://127.0.0.1:11434/v1 - gemma4:e2b" },
    primary: "ollama/gemma4:e2b"
  },
  "Ollama's /v1 written out, with a key that OpenClaw masked": {
    config: at({
      ollama: {
        baseUrl: "http://127.0.0.1:11434/v1",
        apiKey: "__OPENCLAW_REDACTED__",
        api: "openai-completions",
        models: [{ id: "kimi-k2.5:cloud", name: "kimi-k2.5:cloud", reasoning: false, input: ["text"], cost: zero }]
      }
    }, { models: { "google/gemini-2.5-flash": {}, "ollama/kimi-k2.5:cloud": {} }, maxConcurrent: 4 }),
    comesTo: { ollama: "http://127.0.0.1:11434/v1 __OPENCLAW_REDACTED__ kimi-k2.5:cloud" }
  },
  "llama.cpp beside another, without keys": {
    config: at({
      chat: {
        api: "openai-completions",
        baseUrl: "http://127.0.0.1:8080/v1",
        apiKey: "chat",
        authHeader: false,
        injectNumCtxForOpenAICompat: true,
        models: [{ id: "qwen3.5-35b-a3b", api: "openai-completions", contextWindow: 262144, input: ["text"] }]
      }
    }),
    comesTo: { ollama: "NotEnabled", chat: "http://127.0.0.1:8080/v1 chat qwen3.5-35b-a3b" }
  },
  "model ids with their provider in front, and paths in them": {
    config: at({
      "blockrun-x402": {
        baseUrl: "http://127.0.0.1:8787/v1",
        apiKey: "not-required",
        auth: "api-key",
        models: [{ id: "blockrun-x402/google/gemini-3" }, { id: "meta-llama/Llama-4" }]
      }
    }),
    comesTo: {
      ollama: "NotEnabled",
      "blockrun-x402": "http://127.0.0.1:8787/v1 not-required google/gemini-3 meta-llama/Llama-4"
    }
  },
  "keys of models that OpenClaw never had": {
    config: at({
      box: { baseUrl: "https://box.example/v1", apiKey: "k", models: [{ id: "m", supportsStreaming: true }] }
    }),
    comesTo: { ollama: "NotEnabled", box: "https://box.example/v1 k m" },
    said: ["models.providers.box.models[0].supportsStreaming"]
  },
  "OpenRouter by its variable's name, unset": {
    config: at({
      openrouter: {
        baseUrl: "https://openrouter.ai/api/v1",
        apiKey: "OPENROUTER_API_KEY",
        models: [{ id: "openai/gpt" }]
      }
    }),
    comesTo: { ollama: "NotEnabled", openrouter: "MissingEnvironmentVariable" },
    said: ["models.providers.openrouter.apiKey"]
  },
  "OpenRouter by its variable's name, set": {
    config: at({
      openrouter: {
        baseUrl: "https://openrouter.ai/api/v1",
        apiKey: "OPENROUTER_API_KEY",
        models: [{ id: "openai/gpt" }]
      }
    }),
    env: { OPENROUTER_API_KEY: "sk-or" },
    comesTo: { ollama: "NotEnabled", openrouter: "https://openrouter.ai/api/v1 sk-or openai/gpt" }
  },
  "other APIs beside a local one": {
    config: at({
      anthropic: {
        baseUrl: "https://api.anthropic.com",
        apiKey: "k",
        api: "anthropic-messages",
        models: [{ id: "c" }]
      },
      google: { baseUrl: "https://g.example", apiKey: "k", api: "google-generative-ai", models: [] },
      ollama: { models: [{ id: "m" }] }
    }),
    env: key,
    comesTo: {
      ollama: "http://127.0.0.1:11434/v1 ollama-local m",
      anthropic: "ProviderUnavailable",
      google: "ProviderUnavailable"
    },
    said: ["models.providers.anthropic.api", "models.providers.google.api"]
  },
  "Gemini's compatible path": {
    config: at({
      gemini: { baseUrl: "https://g.example/v1beta/openai/", apiKey: "${GEMINI_API_KEY}", models: [{ id: "gemini-3" }] }
    }),
    env: { GEMINI_API_KEY: "g" },
    comesTo: { ollama: "NotEnabled", gemini: "https://g.example/v1beta/openai g gemini-3" }
  },
  "a model as a text, an alias, a setting, `agents.main`": {
    config: {
      agents: {
        defaults: { model: "ollama/llama3.3", models: { "ollama/llama3.3": { alias: "llama", streaming: false } } },
        main: { model: "anthropic/claude" }
      }
    },
    env: key,
    comesTo: { ollama: "http://127.0.0.1:11434/v1 ollama-local" },
    primary: "ollama/llama3.3"
  },
  "an `env` that is no list of variables": {
    config: {
      env: { readFromDotEnv: true, sensitiveVarsOnly: ["A"], hardwareSpecific: { CPU_CORES: 4 }, OLLAMA_API_KEY: "x" },
      model: { provider: "ollama", modelName: "llama3.2:3b" }
    },
    comesTo: { ollama: "http://127.0.0.1:11434/v1 x" },
    said: ["env.readFromDotEnv", "env.sensitiveVarsOnly", "env.hardwareSpecific"]
  },
  "keys in every form, of several boxes": {
    config: at({
      a: { baseUrl: "http://a:1", apiKey: "${A}", models: [{ id: "m" }] },
      b: { baseUrl: "http://b:1/", apiKey: { source: "env", provider: "default", id: "A" }, models: [{ id: "m" }] },
      c: { baseUrl: "http://c:1/v1", apiKey: "secretref-env:A", models: [{ id: "m" }] },
      d: { baseUrl: "http://d:1", apiKey: "$A", models: [{ id: "m" }] },
      e: { baseUrl: "http://e:1", apiKey: "custom-local", models: [{ id: "m" }] },
      f: { baseUrl: "https://f.example", apiKey: { source: "exec", provider: "vault", id: "f" }, models: [{ id: "m" }] }
    }),
    env: { A: "k" },
    comesTo: {
      ollama: "NotEnabled",
      a: "http://a:1/v1 k m",
      b: "http://b:1/v1 k m",
      c: "http://c:1/v1 k m",
      d: "http://d:1/v1 k m",
      e: "http://e:1/v1 custom-local m",
      f: "ProviderUnavailable"
    },
    said: ["models.providers.f.apiKey"]
  },
  "a remote Ollama by its native API": {
    config: at({
      ollama: { baseUrl: "http://gpu-box:11434", api: "ollama", apiKey: "ollama-local", models: [{ id: "m" }] }
    }),
    comesTo: { ollama: "http://gpu-box:11434/v1 ollama-local m" }
  },
  "a base URL alone": {
    config: at({ ollama: { baseUrl: "http://gpu-box:11434", apiKey: "k" } }),
    comesTo: { ollama: "NoModelsConfigured" }
  },
  "an empty list of models is discovery": {
    config: at({ ollama: { apiKey: "k", api: "ollama", models: [] } }),
    comesTo: { ollama: "http://127.0.0.1:11434/v1 k" }
  },
  "auth by profiles in the configuration": {
    config: {
      auth: {
        profiles: { "ollama:default": { provider: "ollama", mode: "api_key" } },
        order: { ollama: ["ollama:default"] }
      },
      agents: { defaults: { model: { primary: "ollama/m" } } }
    },
    env: key,
    comesTo: { ollama: "http://127.0.0.1:11434/v1 ollama-local" },
    primary: "ollama/m"
  },
  "models that are an object, and providers that are no objects": {
    config: at({ x: { baseUrl: "http://x:1", apiKey: "k", models: { m: {} } }, y: "http://y", z: null }),
    env: key,
    comesTo: {
      ollama: "http://127.0.0.1:11434/v1 ollama-local",
      x: "ConfigInvalid",
      y: "ConfigInvalid",
      z: "ConfigInvalid"
    },
    said: ["models.providers.x.models", "models.providers.y", "models.providers.z"]
  },
  "numbers as texts, and levels as words": {
    config: at({
      ollama: {
        apiKey: "k",
        models: [{ id: "m", contextWindow: "32768", reasoning: true, thinkingLevelMap: { off: null, high: "high" } }],
        params: { num_ctx: 32768, temperature: 0.2 }
      }
    }, { thinkingDefault: "xhigh" }),
    comesTo: { ollama: "http://127.0.0.1:11434/v1 k m" },
    said: ["models.providers.ollama.models[0].contextWindow"]
  }
}

describe("a configuration as people write it", () => {
  for (const [name, { comesTo, config, env = {}, primary, said = [] }] of Object.entries(shapes)) {
    it(name, () => {
      const found = resolved(config, env)
      const all = found.providers.map(({ id, result }) => [
        id,
        Either.match(result, {
          onLeft: (error) => error._tag as string,
          onRight: ({ completionsUrl, key, models }) =>
            [completionsUrl, key === undefined ? "-" : Redacted.value(key.value), ...models.map((m) => m.definition.id)]
              .join(" ")
        })
      ])
      assert.deepStrictEqual(Object.fromEntries(all), comesTo)
      assert.strictEqual(found.primary, primary)
      assert.sameMembers(found.diagnostics.map(({ path }) => path), said)
    })
  }

  it("has the provider's numbers where a model does not say its own", () => {
    const { providers } = resolved(at({
      box: {
        baseUrl: "http://box:1",
        apiKey: "k",
        contextWindow: 1000,
        contextTokens: 500,
        maxTokens: 100,
        models: [{ id: "a" }, { id: "b", contextWindow: 2000, contextTokens: 600, maxTokens: 200 }]
      }
    }))
    const box = Either.getOrThrow(providers[1]!.result)
    assert.deepStrictEqual(
      box.models.map((
        { contextTokens, definition }
      ) => [definition.contextWindow, contextTokens, definition.maxTokens]),
      [[1000, 500, 100], [2000, 600, 200]]
    )
  })
})
