/** What is measured, with which clients, and what the results are compared with. */
const ours = ["effect-ollama:fetch", "effect-ollama:node"]
const oursNative = ["effect-ollama:fetch-native", "effect-ollama:node-native"]
const transports = ["fetch", "dispatch", "FetchHttpClient", "layerUndici", "node", "node-direct"]
  .map((name) => `transport:${name}`)

const perDelta = { cpu: "µs CPU", wall: "µs wall" }

// These take a hundred times as long as the others: fewer deltas say the same.
const slow = { "effect-ai-openai": { n: 3000 } }

const v1 = { baseline: "raw-fetch", clients: ["raw-fetch", ...ours, "openai", "effect-ai-openai"] }
const v1Chunks = {
  ...v1,
  clients: ["raw-fetch", ...ours, ...ours.map((name) => `${name}-chunk`), "openai", "effect-ai-openai"]
}
const and = (wire, ...more) => ({ ...wire, clients: [...wire.clients, ...more] })
const native = { baseline: "raw-fetch:native", clients: ["raw-fetch:native", ...oursNative, "ollama"] }

const stream = (name, title, wire, options) => ({
  name,
  title,
  ...wire,
  measurement: "stream",
  options: { n: 100_000, ...options },
  quick: { n: 20_000 },
  slow,
  metrics: perDelta
})

// Without @effect/ai-openai, which takes ten seconds for its first 200 streams.
const cold = (name, title, { baseline, clients }, options) => ({
  name,
  title,
  baseline,
  clients: clients.filter((client) => client !== "effect-ai-openai"),
  measurement: "cold",
  rounds: 9,
  options: { after: [1, 20, 200], ...options },
  metrics: { first1: "ms CPU of 1", first20: "of 20", first200: "of 200", wall: "ms wall of 1" }
})

const memory = {
  baseline: "raw-fetch",
  measurement: "memory",
  rounds: 3,
  options: { n: 1_000_000 },
  quick: { n: 300_000 },
  metrics: { growth: "MB", keptPerDelta: "bytes", peak: "MB of the process", cpu: "µs CPU" }
}

// The difference of the first two is what the adapter costs; `node` is what a program on Node has.
const ai = {
  baseline: "effect-ai-openai",
  clients: [
    "effect-ollama-ai",
    "effect-ollama-ai:bare",
    "effect-ollama-ai:node",
    "effect-ai-openai",
    "effect-ai-openai:node"
  ],
  options: { n: 5000 },
  quick: { n: 2000 }
}

export const benchmarks = [
  stream("each", "100,000 deltas on /v1, one HTTP chunk per event, per delta", v1Chunks, { mode: "each" }),
  stream("joined", "100,000 deltas on /v1, 64 events per HTTP chunk, per delta", v1Chunks, { mode: "joined" }),
  stream("cold-each", "The same in a fresh process: its first 100,000 deltas, not warmed up", v1, {
    mode: "each",
    cold: true
  }),
  stream("native-each", "100,000 deltas on /api/chat, one HTTP chunk per line, per delta", native, { mode: "each" }),
  stream("native-joined", "100,000 deltas on /api/chat, 64 lines per HTTP chunk, per delta", native, {
    mode: "joined"
  }),
  {
    name: "whole",
    title: "2,000 whole completions on /v1, one after the other, per completion",
    ...and(v1, "bounds:http"),
    measurement: "whole",
    options: { calls: 2000 },
    quick: { calls: 400 },
    slow: { "effect-ai-openai": { calls: 400 } },
    metrics: perDelta
  },
  cold("cold-whole", "The first whole completions of a process on /v1, nothing warm", v1),
  cold("cold-stream", "The first streams of a process on /v1, 64 deltas each, nothing warm", v1, { deltas: 64 }),
  cold("native-cold-whole", "The first whole completions of a process on /api/chat, nothing warm", native),
  cold("native-cold-stream", "The first streams of a process on /api/chat, 64 deltas each, nothing warm", native, {
    deltas: 64
  }),
  {
    name: "native-whole",
    title: "2,000 whole completions on /api/chat, per completion",
    ...native,
    measurement: "whole",
    options: { calls: 2000 },
    quick: { calls: 400 },
    metrics: perDelta
  },
  ...["each", "joined"].map((mode) => ({
    name: `ai-${mode}`,
    title: `@effect/ai: streamText of 5,000 parts, ${mode === "each" ? "one" : "64"} per HTTP chunk, per part`,
    ...ai,
    measurement: "stream",
    options: { ...ai.options, mode },
    metrics: perDelta
  })),
  {
    name: "ai-whole",
    title: "@effect/ai: 2,000 generateText, one after the other, per call",
    ...ai,
    measurement: "whole",
    options: { calls: 2000 },
    quick: { calls: 100 },
    metrics: perDelta
  },
  {
    name: "first",
    title: "Time to first delta on /v1, and CPU of a call with three deltas",
    ...and(v1, "bounds:empty", "bounds:stream"),
    measurement: "firstDelta",
    options: { calls: 1000 },
    quick: { calls: 200 },
    slow: { "effect-ai-openai": { calls: 200 } },
    metrics: { first: "µs", p95: "µs", cpu: "µs CPU" }
  },
  {
    name: "concurrent",
    title: "64 concurrent streams of 2,000 deltas on /v1, one HTTP chunk per event, per delta",
    ...v1,
    measurement: "concurrent",
    options: { mode: "each", n: 2000, streams: 64 },
    quick: { n: 500 },
    slow: { "effect-ai-openai": { n: 50 } },
    metrics: perDelta
  },
  {
    name: "open",
    title: "4,000 streams of 64 deltas on /v1, all open at once, nothing warm",
    baseline: "raw-fetch",
    clients: ["raw-fetch", ...ours, "openai"],
    measurement: "open",
    rounds: 3,
    files: 4200,
    options: { streams: 4000, deltas: 64 },
    quick: { streams: 500 },
    metrics: { peak: "MB of the process", cpu: "µs CPU of one" }
  },
  {
    name: "paced",
    title: "At a model's pace: 2,000 deltas on /v1, 1 ms apart, per delta",
    ...and(v1, "bounds:stream"),
    measurement: "paced",
    options: { n: 2000 },
    quick: { n: 1000 },
    slow: { "effect-ai-openai": { n: 1000 } },
    metrics: { cpu: "µs CPU", delay: "µs behind the server" }
  },
  ...[10, 100, 500].map((models) => ({
    name: `discovery-${models}`,
    title: `Discovery of ${models} models, 8 at a time, cold`,
    baseline: "raw-fetch",
    clients: ["raw-fetch", ...ours],
    measurement: "discovery",
    options: { models },
    metrics: { cpu: "µs CPU", wall: "µs wall", requests: "cold", warmRequests: "warm" }
  })),
  {
    name: "embed",
    title: "Embeddings of 1,000 texts in batches of 100, 768 numbers each, on /api/embed",
    ...native,
    measurement: "embed",
    options: { texts: 1000, batch: 100, dimensions: 768, calls: 10 },
    quick: { calls: 3 },
    metrics: { cpu: "µs CPU", wall: "µs wall" }
  },
  {
    name: "loop",
    title: "A tool loop of 10 turns, streamed on /api/chat",
    baseline: "raw-fetch:native",
    clients: ["raw-fetch:native", ...oursNative],
    measurement: "loop",
    options: { turns: 10, calls: 100 },
    quick: { calls: 20 },
    metrics: { cpu: "µs CPU", wall: "µs wall" }
  },
  {
    name: "memory",
    title: "1,000,000 deltas on /v1 in one stream: memory",
    ...memory,
    clients: ["raw-fetch", ...ours, "openai", "bounds:stream"],
    node: ["--expose-gc"]
  },
  {
    name: "mended-memory",
    title: "The same, with one line of Effect changed (mended-effect.mjs)",
    ...memory,
    clients: ["raw-fetch", ...ours, "bounds:stream"],
    node: ["--expose-gc", "--import", new URL("mended-effect.mjs", import.meta.url).href]
  },
  {
    name: "pause",
    title: "Taken from the server by a consumer that paused after the first delta",
    baseline: "raw-fetch",
    clients: ["raw-fetch", ...ours],
    measurement: "pause",
    rounds: 3,
    options: { n: 200_000 },
    metrics: { taken: "MB" }
  },
  {
    name: "import",
    title: "Import cost in a fresh process",
    baseline: "import:barrels",
    clients: ["import:barrels", "import:nothing", "import:core", "import:node"],
    measurement: "import",
    rounds: 7,
    options: {},
    metrics: { wall: "µs wall", cpu: "µs CPU", rss: "MB of the process" }
  },
  {
    name: "transport-each",
    title: "Transports alone: 100,000 events, one HTTP chunk per event",
    optional: true,
    baseline: "transport:fetch",
    clients: transports,
    measurement: "stream",
    options: { n: 100_000, mode: "each" },
    quick: { n: 20_000 },
    metrics: { cpu: "µs CPU", reads: "reads" }
  },
  {
    name: "transport-joined",
    title: "Transports alone: 100,000 events, 64 per HTTP chunk",
    optional: true,
    baseline: "transport:fetch",
    clients: transports,
    measurement: "stream",
    options: { n: 100_000, mode: "joined" },
    quick: { n: 20_000 },
    metrics: { cpu: "µs CPU", reads: "reads" }
  },
  {
    name: "transport-whole",
    title: "Transports alone: whole completions, one after the other",
    optional: true,
    baseline: "transport:fetch",
    clients: transports,
    measurement: "whole",
    options: { calls: 2000 },
    quick: { calls: 500 },
    metrics: { cpu: "µs CPU", wall: "µs wall" }
  }
]
