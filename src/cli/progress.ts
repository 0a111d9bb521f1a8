/**
 * The progress of a pull: all layers as one amount, how fast it grows, and how long it will take.
 */
import type { PullEvent } from "./registry.js"
import type { Output } from "./screen.js"
import { bytes, cut, duration, oneLine, padStart, widthOf } from "./text.js"

interface Layer {
  readonly total: number
  readonly completed: number
}

interface Sample {
  readonly at: number
  readonly completed: number
}

/** What is known of a pull. Times are in ms. */
export interface Progress {
  readonly status: string
  readonly layers: ReadonlyMap<string, Layer>
  readonly samples: ReadonlyArray<Sample>
}

export const empty: Progress = { status: "", layers: new Map(), samples: [] }

// A speed is that of the last seconds: a mean over all would not see that a connection has become slow.
const memory = 5000
const mostSamples = 64
// Nothing else bounds what a server may list.
const mostLayers = 10_000

const sum = ({ layers }: Progress): Layer => {
  let total = 0
  let completed = 0
  for (const layer of layers.values()) {
    total += layer.total
    completed += layer.completed
  }
  return { total, completed }
}

export const step = (progress: Progress, event: PullEvent, now: number): Progress => {
  const { completed, digest, status, total } = event
  if (digest === undefined || total === undefined || total <= 0) return { ...progress, status }
  const known = progress.layers.get(digest)
  const isNew = known === undefined
  if (isNew && progress.layers.size >= mostLayers) return { ...progress, status }
  const layers = new Map(progress.layers).set(digest, {
    total,
    completed: Math.min(total, Math.max(0, completed ?? 0))
  })
  const next = { ...progress, status, layers }
  const last = progress.samples.at(-1)
  const sample = { at: now, completed: sum(next).completed }
  // what is there already when a layer is first named was not fetched now
  const samples = isNew
    ? [sample]
    : last !== undefined && now - last.at < memory / mostSamples
    ? progress.samples
    : [...progress.samples, sample].filter(({ at }) => now - at <= memory)
  return { ...next, samples }
}

/** Bytes a second; absent while too little is known. */
export const speedOf = ({ samples }: Progress): number | undefined => {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.at - first.at < 200) return undefined
  return Math.max(0, (last.completed - first.completed) / (last.at - first.at) * 1000)
}

const blocks = " ▏▎▍▌▋▊▉█"

const bar = (share: number, columns: number): string => {
  const eighths = Math.round(share * columns * 8)
  const full = Math.floor(eighths / 8)
  const rest = eighths % 8
  return ("█".repeat(full) + (rest === 0 ? "" : blocks[rest]!)).padEnd(columns, " ").slice(0, columns)
}

/** One line, as wide as the screen at most: a bar with amount, speed and time, or what is being done. */
export const line = (progress: Progress, model: string, { columns, inks }: Output): string => {
  const width = Math.max(20, columns() - 1)
  const { completed, total } = sum(progress)
  if (total === 0 || completed >= total) return inks.dim(cut(oneLine(`${model}: ${progress.status}`), width))
  const share = completed / total
  const speed = speedOf(progress)
  const percent = padStart(`${Math.floor(share * 100)}%`, 4)
  const left = speed === undefined || speed < 1 ? "" : `${duration((total - completed) / speed * 1000)} left`
  const facts = [`${bytes(completed)} of ${bytes(total)}`, speed === undefined ? "" : `${bytes(speed)}/s`, left]
    .filter((fact) => fact !== "")
  // what does not fit is left out, from the least important on
  const named = Math.min(24, widthOf(oneLine(model)))
  while (facts.length > 1 && named + widthOf(facts.join("  ")) + 15 > width) facts.splice(facts.length === 3 ? 1 : 0, 1)
  const text = facts.join("  ")
  const name = cut(oneLine(model), Math.max(8, width - widthOf(text) - 15))
  const room = Math.max(5, Math.min(40, width - widthOf(name) - widthOf(text) - 9))
  const whole = `${name} ${percent} ${inks.cyan(bar(share, room))} ${text}`
  return widthOf(whole) <= width ? whole : cut(`${percent} ${text}`, width)
}

/** What is worth a line of its own where lines stay: what is done, and each tenth of it. */
export const milestone = (before: Progress, after: Progress): string | undefined => {
  const old = sum(before)
  const now = sum(after)
  const tenth = ({ completed, total }: Layer) => total === 0 ? -1 : Math.floor(completed / total * 10)
  // a new layer makes the whole larger, and its share smaller
  if (now.total > 0 && tenth(now) > tenth(old) && after.layers.size === before.layers.size) {
    return `${tenth(now) * 10}% of ${bytes(now.total)}`
  }
  return after.status !== before.status && !/^pulling [0-9a-f]{8,}/.test(after.status)
    ? oneLine(after.status)
    : undefined
}
