import { Ollama } from "ollama"

const request = { model: "bench", messages: [{ role: "user", content: "Hi" }] }
const clients = new Map()
const client = (host) => {
  if (!clients.has(host)) clients.set(host, new Ollama({ host }))
  return clients.get(host)
}

export const make = () => ({
  stream: async (root, onDelta) => {
    for await (const part of await client(root).chat({ ...request, stream: true })) {
      if (part.message.content) onDelta(part.message.content)
    }
  },
  complete: async (root) => (await client(root).chat({ ...request, stream: false })).message.content
})
