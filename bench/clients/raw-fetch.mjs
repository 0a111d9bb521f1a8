/** What everything is compared with: plain fetch, split at line ends, JSON.parse, and no checks. */
const headers = { "content-type": "application/json" }

const post = (url, body, signal) => fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal })

const messages = [{ role: "user", content: "Hi" }]

async function* lines(response) {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const bytes of response.body) {
    const pieces = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = pieces.pop()
    yield pieces
  }
}

const v1 = async (root, onDelta, signal) => {
  const response = await post(
    `${root}/v1/chat/completions`,
    { model: "bench", messages, stream: true, stream_options: { include_usage: true } },
    signal
  )
  for await (const batch of lines(response)) {
    for (const line of batch) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue
      const content = JSON.parse(line.slice(6)).choices[0]?.delta.content
      if (content) onDelta(content)
    }
  }
}

const native = async (root, onDelta, signal) => {
  const response = await post(`${root}/api/chat`, { model: "bench", messages, stream: true }, signal)
  for await (const batch of lines(response)) {
    for (const line of batch) {
      if (line === "") continue
      const content = JSON.parse(line).message.content
      if (content) onDelta(content)
    }
  }
}

const lookUp = {
  type: "function",
  function: {
    name: "look_up",
    description: "What a word means",
    parameters: { type: "object", properties: { word: { type: "string" } }, required: ["word"] }
  }
}

/** Runs the tool that the model calls until it calls nothing; how many answers that took. */
const loop = async (root) => {
  const history = [...messages]
  for (let turns = 1;; turns++) {
    const response = await post(`${root}/api/chat`, {
      model: "bench",
      messages: history,
      tools: [lookUp],
      stream: true
    })
    const answer = { role: "assistant", content: "", tool_calls: [] }
    for await (const batch of lines(response)) {
      for (const line of batch) {
        if (line === "") continue
        const { message } = JSON.parse(line)
        answer.content += message.content
        if (message.tool_calls) answer.tool_calls.push(...message.tool_calls)
      }
    }
    if (answer.tool_calls.length === 0) return turns
    history.push(answer)
    for (const call of answer.tool_calls) {
      history.push({
        role: "tool",
        tool_name: call.function.name,
        content: `${call.function.arguments.word} is a word`
      })
    }
  }
}

export const make = (wire) => ({
  loop,
  embed: async (root, texts, batch) => {
    const vectors = []
    for (let at = 0; at < texts.length; at += batch) {
      const response = await post(`${root}/api/embed`, { model: "bench", input: texts.slice(at, at + batch) })
      vectors.push(...JSON.parse(await response.text()).embeddings)
    }
    return vectors
  },
  stream: wire === "native" ? native : v1,
  complete: async (root) => {
    const response = wire === "native"
      ? await post(`${root}/api/chat`, { model: "bench", messages, stream: false })
      : await post(`${root}/v1/chat/completions`, { model: "bench", messages, stream: false })
    const json = JSON.parse(await response.text())
    return wire === "native" ? json.message.content : json.choices[0].message.content
  },
  discover: async (root) => {
    const { models } = JSON.parse(await (await fetch(`${root}/api/tags`)).text())
    const found = []
    let next = 0
    await Promise.all(Array.from({ length: 8 }, async () => {
      while (next < models.length) {
        const { name } = models[next++]
        const shown = JSON.parse(await (await post(`${root}/api/show`, { model: name })).text())
        const architecture = shown.model_info["general.architecture"]
        if (shown.capabilities.includes("tools")) {
          found.push({ name, contextWindow: shown.model_info[`${architecture}.context_length`] })
        }
      }
    }))
    return found.length
  },
  /** Takes one delta, then nothing until `resume` is called. */
  pause: async (root) => {
    const response = await post(`${root}/v1/chat/completions`, { model: "bench", messages, stream: true })
    const reader = response.body.getReader()
    await reader.read()
    return () => reader.cancel()
  }
})
