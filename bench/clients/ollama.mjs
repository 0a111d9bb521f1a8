import { Ollama } from "ollama"

const request = { model: "bench", messages: [{ role: "user", content: "Hi" }] }
const clients = new Map()
const client = (host) => {
  if (!clients.has(host)) clients.set(host, new Ollama({ host }))
  return clients.get(host)
}

export const make = () => ({
  embed: async (root, texts, batch) => {
    const vectors = []
    for (let at = 0; at < texts.length; at += batch) {
      vectors.push(...(await client(root).embed({ model: "bench", input: texts.slice(at, at + batch) })).embeddings)
    }
    return vectors
  },
  stream: async (root, onDelta) => {
    for await (const part of await client(root).chat({ ...request, stream: true })) {
      if (part.message.content) onDelta(part.message.content)
    }
  },
  complete: async (root) => (await client(root).chat({ ...request, stream: false })).message.content
})
