/** What is to be sent for a request: pure data, played in memory or on a socket. */
import type { Api } from "../../Model.js"
import type { Generation } from "./generation.js"
import { goJson } from "./goJson.js"
import type { Fault, RawResponse } from "./script.js"

export interface Head {
  readonly status: number
  /** In order, names as on the wire. The framing's header is not among them. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly framing: "content-length" | "chunked" | "none"
  /** What is announced, in bytes, when it is not what is sent. */
  readonly length?: number | undefined
}

export interface PlannedChunk {
  /** ms to wait before it. */
  readonly delay: number
  readonly bytes: Uint8Array
}

export interface Plan {
  /** ms to wait before the head, or before the end when there is no head. */
  readonly delay: number
  readonly head: Head | undefined
  readonly chunks: ReadonlyArray<PlannedChunk>
  /** `refused`, `dns` and `headers-timeout` have no head. */
  readonly end: "complete" | "reset" | "close" | "stall" | "refused" | "dns" | "headers-timeout"
  /** What has come about when the last of a complete answer is sent. */
  readonly effect?: (() => void) | undefined
}

/** Runs the effect with the last chunk, whoever reads on after it or not. */
export const sending = (plan: Plan, index: number): void => {
  if (plan.end === "complete" && index === plan.chunks.length - 1) plan.effect?.()
}

const utf8 = new TextEncoder()

/** Of a stream of Ollama's own API. */
export const ndjson = "application/x-ndjson"

/** As Ollama's router says it. */
export const ginJson = "application/json; charset=utf-8"

/** Go's server announces the length of what fits its buffer, and chunks the rest. */
const goBuffer = 2048

export const whole = (
  status: number,
  contentType: string | undefined,
  body: string | Uint8Array,
  options: {
    readonly chunked?: boolean | undefined
    readonly headers?: ReadonlyArray<readonly [string, string]> | undefined
    readonly delay?: number | undefined
  } = {}
): Plan => {
  const bytes = typeof body === "string" ? utf8.encode(body) : body
  return {
    delay: options.delay ?? 0,
    head: {
      status,
      headers: [
        ...(options.headers ?? []),
        ...(contentType === undefined ? [] : [["Content-Type", contentType] as const])
      ],
      framing: options.chunked === true || bytes.length > goBuffer ? "chunked" : "content-length"
    },
    chunks: bytes.length === 0 ? [] : [{ delay: 0, bytes }],
    end: "complete"
  }
}

export const streamed = (
  contentType: string,
  chunks: ReadonlyArray<string | Uint8Array>,
  delay: { readonly head: number; readonly chunk: number }
): Plan => ({
  delay: delay.head,
  head: { status: 200, headers: [["Content-Type", contentType]], framing: "chunked" },
  chunks: chunks.map((chunk, index) => ({
    delay: index === 0 ? 0 : delay.chunk,
    bytes: typeof chunk === "string" ? utf8.encode(chunk) : chunk
  })),
  end: "complete"
})

export const json = (value: unknown, status = 200): Plan => whole(status, ginJson, goJson(value))

export const raw = (response: RawResponse, delay: number): Plan => {
  const chunks = response.chunks.map((chunk) => typeof chunk === "string" ? utf8.encode(chunk) : chunk)
  return {
    delay,
    head: {
      status: response.status ?? 200,
      headers: Object.entries(response.headers ?? {}).filter(([name]) =>
        !/^(content-length|transfer-encoding|connection|date)$/i.test(name)
      ),
      framing: chunks.length === 1 && chunks[0]!.length <= goBuffer ? "content-length" : "chunked"
    },
    chunks: chunks.map((bytes) => ({ delay: 0, bytes })),
    end: "complete"
  }
}

export const lengthOf = (plan: Plan): number => plan.chunks.reduce((total, chunk) => total + chunk.bytes.length, 0)

/** The headers of an answer, with the framing's own, in the order of the wire. */
export const headersOf = (plan: Plan, now: number): ReadonlyArray<readonly [string, string]> => {
  const { framing, headers, length } = plan.head!
  const date = ["Date", new Date(now).toUTCString()] as const
  switch (framing) {
    case "content-length":
      return [...headers, date, ["Content-Length", String(length ?? lengthOf(plan))]]
    case "chunked":
      return [...headers, date, ["Transfer-Encoding", "chunked"]]
    case "none":
      return [...headers, date]
  }
}

// =============================================================================
// errors
// =============================================================================

const errorType = (generation: Generation, status: number) =>
  !generation.typedErrors
    ? "api_error"
    : status === 400
    ? "invalid_request_error"
    : status === 404
    ? "not_found_error"
    : "api_error"

const completionsError = (message: string, type: string) =>
  goJson({ error: { message, type, param: null, code: null } })

/** An error of the handler, which `/v1` wraps. */
export const failure = (
  generation: Generation,
  api: Api,
  status: number,
  message: string,
  options: { readonly chunked?: boolean | undefined; readonly delay?: number | undefined } = {}
): Plan =>
  api === "openai-completions"
    ? whole(status, "application/json", `${completionsError(message, errorType(generation, status))}\n`, options)
    : whole(status, options.chunked === true ? "application/json" : ginJson, goJson({ error: message }), options)

/** An error of reading the request, which `/v1` says itself. */
export const bindFailure = (api: Api, message: string): Plan =>
  api === "openai-completions"
    ? whole(400, ginJson, completionsError(message, "invalid_request_error"))
    : json({ error: message }, 400)

export const plainText = (status: number, body: string, headers?: ReadonlyArray<readonly [string, string]>): Plan =>
  whole(status, "text/plain", body, { headers })

export const missingModel = (generation: Generation, model: string) =>
  generation.cloudAware || generation.thinks
    ? `model '${model}' not found`
    : `model ${JSON.stringify(model)} not found, try pulling it first`

export const busyMessage = "server busy, please try again.  maximum pending requests exceeded"

/** The answer where the description itself fails: a function of it throws, or a header of it cannot be sent. */
export const failed = (error: unknown): Plan =>
  json({ error: `mock: the description threw: ${error instanceof Error ? error.message : String(error)}` }, 500)

// =============================================================================
// faults
// =============================================================================

const concat = (chunks: ReadonlyArray<PlannedChunk>) => {
  const all = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.bytes.length, 0))
  let at = 0
  for (const { bytes } of chunks) {
    all.set(bytes, at)
    at += bytes.length
  }
  return all
}

/** Cut anew; a piece waits as long as all that begins in it. */
const resplit = (chunks: ReadonlyArray<PlannedChunk>, sizes: ReadonlyArray<number>, gap: number) => {
  const all = concat(chunks)
  const out: Array<PlannedChunk> = []
  let next = 0
  let nextAt = 0
  for (let at = 0, index = 0; at < all.length; index++) {
    const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? 1)
    let delay = index === 0 ? 0 : gap
    for (; next < chunks.length && nextAt < at + size; next++) {
      delay += chunks[next]!.delay
      nextAt += chunks[next]!.bytes.length
    }
    out.push({ delay, bytes: all.subarray(at, at + size) })
    at += size
  }
  return out
}

const cut = (plan: Plan, after: number, unit: "events" | "bytes"): ReadonlyArray<PlannedChunk> => {
  if (unit === "events") return plan.chunks.slice(0, after)
  const out: Array<PlannedChunk> = []
  let left = after
  for (const chunk of plan.chunks) {
    if (left <= 0) break
    out.push({ delay: chunk.delay, bytes: chunk.bytes.subarray(0, left) })
    left -= chunk.bytes.length
  }
  return out
}

const change = (plan: Plan, after: number | undefined, f: (bytes: Uint8Array) => Uint8Array): Plan => {
  const index = Math.min(after ?? 0, plan.chunks.length - 1)
  return { ...plan, chunks: plan.chunks.map((chunk, i) => i === index ? { ...chunk, bytes: f(chunk.bytes) } : chunk) }
}

/** Cut in its middle, but with its line end. */
const breakJson = (bytes: Uint8Array) => {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 10) end--
  const middle = Math.max(1, Math.floor(end / 2))
  const out = new Uint8Array(middle + bytes.length - end)
  out.set(bytes.subarray(0, middle))
  out.fill(10, middle)
  return out
}

/** Two bytes that no UTF-8 holds, inside the last string. */
const breakUtf8 = (bytes: Uint8Array) => {
  const at = Math.max(0, bytes.lastIndexOf(34))
  const out = new Uint8Array(bytes.length + 2)
  out.set(bytes.subarray(0, at))
  out.set([0xff, 0xfe], at)
  out.set(bytes.subarray(at), at + 2)
  return out
}

export const faultsOf = (fault: Fault | ReadonlyArray<Fault> | undefined): ReadonlyArray<Fault> =>
  fault === undefined ? [] : Array.isArray(fault) ? fault as ReadonlyArray<Fault> : [fault as Fault]

/**
 * What `error` and `end` leave of an answer that is no completion: a stream is cut, at the latest before its last line, and
 * then does not come about; of a whole one an error is a 500.
 */
export const unfinished = (plan: Plan, faults: ReadonlyArray<Fault>, generation: Generation, api: Api): Plan => {
  const error = faults.find((fault) => fault.type === "error")
  const fault = error ?? faults.find((fault) => fault.type === "end")
  if (fault === undefined || plan.head?.status !== 200 || plan.chunks.length === 0) return plan
  const message = error?.message ?? "mock failure"
  if (!plan.head.headers.some(([, value]) => value === ndjson)) {
    return error === undefined ? plan : failure(generation, api, 500, message, { delay: plan.delay })
  }
  const chunks = cut(plan, Math.min(fault.after ?? Infinity, plan.chunks.length - 1), "events")
  const line = { delay: plan.chunks[chunks.length]!.delay, bytes: utf8.encode(`${goJson({ error: message })}\n`) }
  return { ...plan, chunks: error === undefined ? chunks : [...chunks, line], effect: undefined }
}

/** The faults that only change how a plan is sent. Those of content were made with the answer. */
export const applyFault = (plan: Plan, fault: Fault): Plan => {
  switch (fault.type) {
    case "refused":
    case "dns":
    case "headers-timeout":
      return { delay: plan.delay, head: undefined, chunks: [], end: fault.type }
    case "reset":
    case "close":
    case "stall":
      return fault.after === undefined
        ? { delay: plan.delay, head: undefined, chunks: [], end: fault.type }
        : {
          ...plan,
          head: plan.head === undefined ? undefined : { ...plan.head, length: plan.head.length ?? lengthOf(plan) },
          chunks: cut(plan, fault.after, fault.unit ?? "events"),
          end: fault.type
        }
    case "broken-json":
      return change(plan, fault.after, breakJson)
    case "invalid-utf8":
      return change(plan, fault.after, breakUtf8)
    case "drip":
      return { ...plan, chunks: resplit(plan.chunks, [1], fault.delayMs) }
    case "split":
      return { ...plan, chunks: resplit(plan.chunks, typeof fault.sizes === "number" ? [fault.sizes] : fault.sizes, 0) }
    default:
      return plan
  }
}

/** The answer that a fault gives in place of the real one. */
export const faultAnswer = (
  fault: Fault,
  generation: Generation,
  api: Api,
  model: string,
  delay: number
): Plan | undefined => {
  switch (fault.type) {
    case "status":
      return fault.body === undefined
        ? withHeaders(
          failure(generation, api, fault.status, fault.error ?? "mock failure", { delay }),
          fault.headers
        )
        : raw({ status: fault.status, headers: fault.headers, chunks: fault.body === "" ? [] : [fault.body] }, delay)
    case "busy":
      return failure(generation, api, 503, busyMessage, { delay })
    case "missing-model":
      return failure(generation, api, 404, missingModel(generation, model), { delay })
    case "redirect":
      return whole(fault.status ?? 307, undefined, "", { headers: [["Location", fault.location]], delay })
    case "not-json":
      return whole(
        200,
        fault.contentType ?? "text/html",
        fault.body ?? "<!DOCTYPE html><html><head><title>Welcome</title></head><body>It works!</body></html>",
        { delay }
      )
    default:
      return undefined
  }
}

const withHeaders = (plan: Plan, headers: Readonly<Record<string, string>> | undefined): Plan =>
  headers === undefined || plan.head === undefined
    ? plan
    : { ...plan, head: { ...plan.head, headers: [...plan.head.headers, ...Object.entries(headers)] } }
