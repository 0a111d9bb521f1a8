import OpenAI from "openai"

const request = { model: "bench", messages: [{ role: "user", content: "Hi" }] }
const clients = new Map()
const client = (root) => {
  if (!clients.has(root)) clients.set(root, new OpenAI({ baseURL: `${root}/v1`, apiKey: "ollama" }))
  return clients.get(root).chat.completions
}

export const make = () => ({
  stream: async (root, onDelta) => {
    const stream = await client(root).create({ ...request, stream: true, stream_options: { include_usage: true } })
    for await (const chunk of stream) {
      const content = chunk.choices[0]?.delta.content
      if (content) onDelta(content)
    }
  },
  complete: async (root) => (await client(root).create(request)).choices[0].message.content
})
