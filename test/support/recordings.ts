/**
 * The recorded exchanges with real Ollama servers (see `test/recordings/README.md`), decoded once per version.
 */
import { readFileSync } from "node:fs"

export const versions = ["v0.6.3", "v0.17.7", "v0.24.0", "v0.33.0-rc2"] as const

export type Version = (typeof versions)[number]

export interface Recording {
  readonly version: Version
  readonly name: string
  readonly about: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string | null
  }
  readonly response: {
    readonly status: number
    readonly reason: string
    readonly headers: ReadonlyArray<readonly [name: string, value: string]>
    /** Milliseconds until the response head. */
    readonly headMs: number
    readonly framing: "chunked" | "content-length" | "until-close" | "none"
    /** The body as the server cut it, one text per HTTP chunk, with the time (ms) when each arrived. */
    readonly texts: ReadonlyArray<string>
    readonly ms: ReadonlyArray<number>
    readonly chunks: ReadonlyArray<Uint8Array>
    readonly body: Uint8Array
    readonly text: string
  }
}

/** What a correct client must get out of an answered completion. */
export interface Expected {
  readonly reasoning: string
  readonly text: string
  readonly toolCalls: ReadonlyArray<{ readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }>
  /** `null`: the answer ended without finishing; `error`: an error line inside the stream. */
  readonly finish: "stop" | "length" | "tool-calls" | "error" | null
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null
}

const read = (file: string) => readFileSync(new URL(`../recordings/${file}`, import.meta.url), "utf8")

const lazily = <A>(make: (version: Version) => A) => {
  const known = new Map<Version, A>()
  return (version: Version): A => {
    let value = known.get(version)
    if (value === undefined) {
      value = make(version)
      known.set(version, value)
    }
    return value
  }
}

interface Line {
  readonly name: string
  readonly about: string
  readonly request: Recording["request"]
  readonly response: Omit<Recording["response"], "texts" | "chunks" | "body" | "text"> & {
    readonly chunks: ReadonlyArray<string>
  }
}

const utf8 = new TextEncoder()

const parse = (version: Version, line: string): Recording => {
  const { response, ...rest } = JSON.parse(line) as Line
  const text = response.chunks.join("")
  return {
    version,
    ...rest,
    response: {
      ...response,
      texts: response.chunks,
      chunks: response.chunks.map((chunk) => utf8.encode(chunk)),
      body: utf8.encode(text),
      text
    }
  }
}

/** All exchanges with one server, in the order of their names. */
export const load: (version: Version) => ReadonlyArray<Recording> = lazily((version) =>
  read(`${version}.ndjson`).split("\n").filter((line) => line !== "").map((line) => parse(version, line))
)

const byName = lazily((version) => new Map(load(version).map((recording) => [recording.name, recording])))

/** One exchange by its name; throws when there is none, so that a typing mistake fails the test. */
export const get = (version: Version, name: string): Recording => {
  const recording = byName(version).get(name)
  if (recording === undefined) throw new Error(`no recording ${version}/${name}`)
  return recording
}

/** Whether the server of that version was asked so. */
export const has = (version: Version, name: string): boolean => byName(version).has(name)

const fresh = /"(?:id|created|created_at|(?:total|load|prompt_eval|eval)_duration)":(?:"[^"]*"|\d+)/g

/**
 * The answer of a recording, chunk by chunk, without its ids, dates and durations: many servers gave the same one, and
 * what comes of that needs to be found once.
 */
export const sayingOf = ({ response: { framing, headers, status, texts } }: Recording): string => {
  const type = headers.find(([name]) => name === "Content-Type")?.[1]
  return [status, type, framing, ...texts].join("\0").replace(fresh, "")
}

/** For each answered completion, what a correct client must get. */
export const expected: (version: Version) => Readonly<Record<string, Expected>> = lazily((version) =>
  JSON.parse(read(`${version}.expected.json`)) as Record<string, Expected>
)

/** For each version, the error tag for every recorded failure, unfinished answers included. */
export const expectedErrors = JSON.parse(read("expected-errors.json")) as Readonly<
  Record<Version, Readonly<Record<string, string>>>
>
