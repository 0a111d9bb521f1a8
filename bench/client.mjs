/**
 * One client, one measurement, one process: `node client.mjs <client> <measurement> <options as JSON>` prints a line of
 * JSON. CPU is user and system time of the whole process, so garbage collection and other threads count. `root` is the
 * server, `dist` the build of this library, with a slash at its end.
 */
import { argv, cpuUsage, hrtime, memoryUsage, resourceUsage, stdout } from "node:process"

const [, , name, measurement, optionsText] = argv
const options = JSON.parse(optionsText)
const { dist, root } = options
const importedAt = performance.now()
const [module, variant] = name.split(":")
const client = await (await import(`./clients/${module}.mjs`)).make(variant, dist)
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

// Each client first does three times the work that is measured: V8 takes as long to compile what is hot, on threads that
// count as CPU of the process, and more than that where much code has a small part in each call. Several short streams are
// among it: code that sees its first ends of a stream is compiled anew.
const warmUp = async (run) => {
  for (let i = 0; i < 3; i++) await run()
}

const measurements = {
  stream: async ({ cold, mode, n }) => {
    if (!cold) {
      for (let i = 0; i < 10; i++) await streamed(mode, n / 10)
      for (let i = 0; i < 2; i++) await streamed(mode, n)
    }
    let reads = 0
    const result = await measured(n, async () => {
      reads = await streamed(mode, n)
    })
    return { ...result, reads }
  },

  // The first calls of this process, and all that a client makes for them; nothing is warm.
  cold: async ({ after, deltas }) => {
    const cpu = cpuMicros()
    const wall = performance.now()
    const result = {}
    for (let call = 1; call <= after.at(-1); call++) {
      if (deltas === undefined) await client.complete(`${root}/each/1`)
      else await streamed("each", deltas)
      if (call === 1) result.wall = performance.now() - wall
      if (after.includes(call)) result[`first${call}`] = (cpuMicros() - cpu) / 1000
    }
    return result
  },

  open: async ({ deltas, streams }) => {
    const cpu = cpuMicros()
    await Promise.all(Array.from({ length: streams }, async () => {
      let seen = 0
      await client.stream(`${root}/held/${streams}`, () => seen++)
      if (seen !== deltas) throw new Error(`${name} saw ${seen} of ${deltas} deltas`)
    }))
    return { peak: resourceUsage().maxRSS / 1024, cpu: (cpuMicros() - cpu) / streams }
  },

  concurrent: async ({ mode, n, streams }) => {
    const run = () => Promise.all(Array.from({ length: streams }, () => streamed(mode, n)))
    await warmUp(run)
    return measured(n * streams, run)
  },

  paced: async ({ n }) => {
    const delays = []
    const run = () =>
      streamed("paced", n, (delta) => delays.push(Number(hrtime.bigint() - BigInt(delta.trim())) / 1000))
    await warmUp(run)
    delays.length = 0
    const result = await measured(n, run)
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
    const run = async () => {
      for (let i = 0; i < calls; i++) await one()
    }
    await warmUp(run)
    times.length = 0
    const result = await measured(calls, run)
    return { ...result, first: quantile(times, 0.5), p95: quantile(times, 0.95) }
  },

  whole: async ({ calls }) => {
    const run = async () => {
      for (let i = 0; i < calls; i++) await client.complete(`${root}/each/1`)
    }
    await warmUp(run)
    return measured(calls, run)
  },

  embed: async ({ batch, calls, dimensions, texts }) => {
    const all = Array.from({ length: texts }, (_, i) => `This is the text with the number ${i}.`)
    const run = async () => {
      for (let i = 0; i < calls; i++) {
        const vectors = await client.embed(`${root}/vectors/${dimensions}`, all, batch)
        if (vectors.length !== texts || vectors.at(-1).length !== dimensions) throw new Error(`${name} lost vectors`)
      }
    }
    await warmUp(run)
    return measured(calls, run)
  },

  loop: async ({ calls, turns }) => {
    const run = async () => {
      for (let i = 0; i < calls; i++) {
        const asked = await client.loop(`${root}/loop/${turns}`)
        if (asked !== turns) throw new Error(`${name} took ${asked} of ${turns} turns`)
      }
    }
    await warmUp(run)
    return measured(calls, run)
  },

  discovery: async ({ models }) => {
    const requests = async () => (await (await fetch(`${root}/stat`)).json()).requests
    const discover = async (models) => {
      const found = await client.discover(`${root}/models/${models}`)
      if (found !== models) throw new Error(`${name} found ${found} of ${models} models`)
    }
    // The code is warm, the catalog is not: other roots, so other caches.
    let other = models
    await warmUp(() => discover(++other))
    const before = await requests()
    const cold = await measured(1, () => discover(models))
    const between = await requests()
    const warm = await measured(1, () => discover(models))
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
