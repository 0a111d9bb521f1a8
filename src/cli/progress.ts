/**
 * The progress of a pull: all layers as one amount, how fast it grows, and how long it will take.
 */
import type * as OllamaClient from "../OllamaClient.js"
import type { Output } from "./screen.js"
import { bytes, cut, duration, oneLine, padStart, widthOf } from "./text.js"

interface Sample {
  readonly at: number
  readonly completed: number
}

type Told = Pick<OllamaClient.Progress, "completed" | "layers" | "status" | "total">

/** What is known of a pull. Times are in ms. */
export interface Progress extends Told {
  readonly samples: ReadonlyArray<Sample>
}

export const empty: Progress = { status: "", layers: [], total: 0, completed: 0, samples: [] }

// A speed is that of the last seconds: a mean over all would not see that a connection has become slow.
const memory = 5000
const mostSamples = 64

export const step = (before: Progress, { completed, layers, status, total }: Told, now: number): Progress => {
  const last = before.samples.at(-1)
  const sample = { at: now, completed }
  // what is there already when a layer is first named was not fetched now
  const samples = layers.length > before.layers.length
    ? [sample]
    : last !== undefined && now - last.at < memory / mostSamples
    ? before.samples
    : [...before.samples, sample].filter(({ at }) => now - at <= memory)
  return { status, layers, total, completed, samples }
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
  return ("█".repeat(full) + (rest === 0 ? "" : blocks[rest]!)).slice(0, columns)
}

/** One line, as wide as the screen at most: a bar with amount, speed and time, or what is being done. */
export const line = (progress: Progress, model: string, { columns, inks }: Output): string => {
  const width = Math.max(20, columns() - 1)
  const { completed, total } = progress
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
  const done = bar(share, room)
  const whole = `${name} ${percent} ${inks.cyan(done)}${inks.dim("░".repeat(room - widthOf(done)))} ${text}`
  return widthOf(whole) <= width ? whole : cut(`${percent} ${text}`, width)
}

/** What is worth a line of its own where lines stay: what is done, and each tenth of it. */
export const milestone = (before: Progress, after: Progress): string | undefined => {
  const tenth = ({ completed, total }: Progress) => total === 0 ? -1 : Math.floor(completed / total * 10)
  // a new layer makes the whole larger, and its share smaller
  if (after.total > 0 && tenth(after) > tenth(before) && after.layers.length === before.layers.length) {
    return `${tenth(after) * 10}% of ${bytes(after.total)}`
  }
  return after.status !== before.status && !/^pulling [0-9a-f]{8,}/.test(after.status)
    ? oneLine(after.status)
    : undefined
}
