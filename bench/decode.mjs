// The decoder alone, in this process: µs of CPU per event against decode + split + JSON.parse, and what a million
// deltas leave behind. Run: node --expose-gc bench/decode.mjs
import { build } from "esbuild"
import { memoryUsage } from "node:process"

const { outputFiles } = await build({
  stdin: {
    contents: `export { make } from "./decode/decoder.ts"; export { wires as wireOf } from "./wire/wires.ts"`,
    resolveDir: new URL("../src/core", import.meta.url).pathname
  },
  bundle: true,
  format: "esm",
  write: false,
  logLevel: "error"
})
const { make, wireOf } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
)

const count = 200_000
const texts = {
  english: ["the", " quick", " brown", " fox", " jumps", "\\n", " over", ",", " lazy", " dog."],
  korean: ["안녕", "하세요", " 저는", " 모델", "입니다", ".", "\\n", "무엇을", " 도와", "드릴까요"]
}
const wires = {
  "openai-completions": (text) =>
    `data: {"id":"chatcmpl-417","object":"chat.completion.chunk","created":1755800000,"model":"qwen3:8b",` +
    `"system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}\n\n`,
  ollama: (text, i) =>
    `{"model":"qwen3:8b","created_at":"2026-11-22T18:20:56.${100_000_000 + (i * 7919) % 899_999_999}Z",` +
    `"message":{"role":"assistant","content":"${text}"},"done":false}\n`
}
const utf8 = new TextEncoder()

const plain = (api, chunks) => {
  const decoder = new TextDecoder()
  let rest = ""
  let seen = 0
  for (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split("\n")
    rest = lines.pop()
    for (const line of lines) {
      if (line === "") continue
      const event = JSON.parse(api === "ollama" ? line : line.slice(6))
      if ((api === "ollama" ? event.message : event.choices[0].delta).content !== undefined) seen++
    }
  }
  return seen
}

const decoded = (api, chunks, fastPath) => {
  const decoder = make({ wire: wireOf[api], makeId: String, fastPath })
  let seen = 0
  for (const chunk of chunks) for (const event of decoder.push(chunk)) if (event.type === "text-delta") seen++
  return seen
}

const best = (run) => {
  let least = Infinity
  for (let round = 0; round < 8; round++) {
    const before = process.cpuUsage()
    if (run() !== count) throw new Error("an event was lost")
    const { system, user } = process.cpuUsage(before)
    least = Math.min(least, (system + user) / count)
  }
  return least.toFixed(2)
}

for (const [language, words] of Object.entries(texts)) {
  for (const [api, write] of Object.entries(wires)) {
    const events = Array.from({ length: count }, (_, i) => utf8.encode(write(words[i % words.length], i)))
    const all = Buffer.concat(events)
    const coalesced = Array.from(
      { length: Math.ceil(all.length / 16384) },
      (_, i) => all.subarray(i * 16384, (i + 1) * 16384)
    )
    for (const [wire, chunks] of [["16 KB", coalesced], ["one event", events]]) {
      console.log(
        `${api}, ${language}, ${wire} a chunk:`.padEnd(52),
        `decoder ${best(() => decoded(api, chunks, true))} µs,`,
        `full parser ${best(() => decoded(api, chunks, false))} µs,`,
        `split + JSON.parse ${best(() => plain(api, chunks))} µs`
      )
    }
  }
}

const chunk = utf8.encode(wires.ollama("a long piece of text", 0).repeat(76))
const decoder = make({ wire: wireOf.ollama, makeId: String })
globalThis.gc?.()
const before = memoryUsage().heapUsed
for (let i = 0; i < 1_000_000 / 76; i++) decoder.push(chunk.slice())
globalThis.gc?.()
const kept = memoryUsage().heapUsed - before
console.log(`kept after a million deltas of 20 characters: ${(kept / 1e6).toFixed(1)} MB`)
if (decoder.partial().parts.length !== 1) throw new Error("not one part")
