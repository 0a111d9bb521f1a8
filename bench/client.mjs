/**
 * One client, one measurement, one process: `node client.mjs <client> <measurement> <options as JSON>` prints a line of
 * JSON. CPU is user and system time of the whole process, so garbage collection and other threads count.
 */
import { argv, cpuUsage, hrtime, memoryUsage, resourceUsage, stdout } from "node:process"

const [, , name, measurement, optionsText] = argv
const options = JSON.parse(optionsText)
const { root } = options
const importedAt = performance.now()
const [module, variant] = name.split(":")
const client = await (await import(`./clients/${module}.mjs`)).make(variant)
const importMillis = performance.now() - importedAt

const cpuMicros = () => {
  const { system, user } = cpuUsage()
  return user + system
}
const measured = async (n, run) => {
  const cpu = cpuMicros()
  const wall = performance.now()
  await run()
  return { n, cpu: (cpuMicros() - cpu) / n, wall: (performance.now() - wall) * 1000 / n }
}
const quantile = (values, q) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]

/** Streams `n` deltas; fails when not all of them come, so that nobody wins by losing some. */
const streamed = async (mode, n, onDelta = () => {}) => {
  let seen = 0
  await client.stream(`${root}/${mode}/${n}`, (delta) => {
    seen++
    onDelta(delta)
  })
  if (name.startsWith("transport")) return seen
  if (seen !== n) throw new Error(`${name} saw ${seen} of ${n} deltas`)
  return seen
}

const measurements = {
  stream: async ({ mode, n }) => {
    // V8 takes as long as this to compile what it finds hot, on threads that count as CPU of the process.
    await streamed(mode, n)
    let reads = 0
    const result = await measured(n, async () => {
      reads = await streamed(mode, n)
    })
    return { ...result, reads }
  },

  concurrent: async ({ mode, n, streams }) => {
    await streamed(mode, Math.min(n, 10_000))
    return measured(n * streams, () => Promise.all(Array.from({ length: streams }, () => streamed(mode, n))))
  },

  paced: async ({ n }) => {
    await streamed("each", 10_000)
    const delays = []
    const result = await measured(
      n,
      () => streamed("paced", n, (delta) => delays.push(Number(hrtime.bigint() - BigInt(delta.trim())) / 1000))
    )
    return { ...result, delay: quantile(delays, 0.5) }
  },

  firstDelta: async ({ calls }) => {
    const times = []
    const one = async () => {
      const start = performance.now()
      let first
      await streamed("each", 3, () => first ??= performance.now())
      times.push((first - start) * 1000)
    }
    for (let i = 0; i < calls / 2; i++) await one()
    times.length = 0
    const result = await measured(calls, async () => {
      for (let i = 0; i < calls; i++) await one()
    })
    return { ...result, first: quantile(times, 0.5), p95: quantile(times, 0.95) }
  },

  whole: async ({ calls }) => {
    // The compiler of V8 needs about a thousand calls; its threads count as CPU of the process.
    for (let i = 0; i < calls; i++) await client.complete(`${root}/each/1`)
    return measured(calls, async () => {
      for (let i = 0; i < calls; i++) await client.complete(`${root}/each/1`)
    })
  },

  discovery: async ({ models }) => {
    const requests = async () => (await (await fetch(`${root}/stat`)).json()).requests
    const discover = async () => {
      const found = await client.discover(`${root}/models/${models}`)
      if (found !== models) throw new Error(`${name} found ${found} of ${models} models`)
    }
    // The code is warm, the catalog is not: another root, so another cache.
    await client.discover(`${root}/models/9`)
    const before = await requests()
    const cold = await measured(1, discover)
    const between = await requests()
    const warm = await measured(1, discover)
    const after = await requests()
    return { ...cold, requests: between - before - 1, warm, warmRequests: after - between - 1 }
  },

  memory: async ({ n }) => {
    await streamed("each", 100_000)
    globalThis.gc?.()
    const before = memoryUsage()
    let peak = before.rss
    const timer = setInterval(() => peak = Math.max(peak, memoryUsage.rss()), 5)
    const result = await measured(n, () => streamed("each", n))
    clearInterval(timer)
    globalThis.gc?.()
    const after = memoryUsage()
    return {
      ...result,
      growth: (peak - before.rss) / 2 ** 20,
      keptPerDelta: (after.heapUsed + after.external - before.heapUsed - before.external) / n,
      peak: resourceUsage().maxRSS / 1024
    }
  },

  pause: async ({ n }) => {
    const resume = await client.pause(`${root}/each/${n}`)
    await new Promise((resolve) => setTimeout(resolve, 700))
    const { taken } = await (await fetch(`${root}/stat`)).json()
    await resume()
    return { taken: taken / 2 ** 20 }
  },

  import: async () => ({ cpu: cpuMicros(), wall: importMillis * 1000, rss: memoryUsage.rss() / 2 ** 20 })
}

const result = await measurements[measurement](options)
stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
