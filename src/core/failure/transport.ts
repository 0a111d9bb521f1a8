/**
 * What a failed request says, whatever HTTP client it came from. Fetch (Node, Bun, Deno, browsers), undici and
 * node:http report the same fault in different shapes, and `HttpClient` reports most of them with the same reason: only
 * the chain of causes tells them apart. Pure and total; nothing but plain data is kept of what was thrown.
 */
import {
  ConnectionFailed,
  ConnectionRefused,
  type ErrorCause,
  RequestTimeout,
  type TransportError
} from "../../OllamaError.js"
import { mask } from "./redact.js"

export interface TransportContext {
  readonly url: string
  /** `head`: no answer yet; `body`: the answer had begun. */
  readonly phase: "head" | "body"
  readonly attempts: number
  /** The limit (ms) that was set, if a timeout is ours. */
  readonly limit?: number | undefined
  /** Texts that must not appear in a message, e.g. the values of the request's headers. */
  readonly secrets?: ReadonlyArray<string> | undefined
}

const maxNodes = 24

interface Fact {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
  readonly syscall: string | undefined
  readonly address: string | undefined
  readonly port: number | undefined
  readonly reason: string | undefined
  /** Whether the bytes that were no HTTP are TLS. */
  readonly isTls: boolean
}

type Kind =
  | "refused"
  | "bun-refused"
  | "dns"
  | "unreachable"
  | "tls"
  | "protocol"
  | "reset"
  | "other"
  | "connect-timeout"
  | "head-timeout"
  | "body-timeout"
  | "timeout"

// What is thrown can be anything, also an object whose getters throw.
const get = (value: object, key: string): unknown => {
  try {
    return (value as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

const untitled = (tag: unknown): string | undefined => text(tag)?.replace(/Error$/, "")

/** A word of Effect 3's HttpClient, an error of its own in Effect 4's. */
const reasonOf = (value: object): string | undefined => {
  const reason = get(value, "reason")
  return text(reason) ?? (typeof reason === "object" && reason !== null ? untitled(get(reason, "_tag")) : undefined)
}

const factOf = (value: object): Fact => ({
  name: text(get(value, "_tag")) ?? text(get(value, "name")) ?? "Error",
  message: text(get(value, "message")) ?? "",
  code: text(get(value, "code")),
  syscall: text(get(value, "syscall")),
  address: text(get(value, "address")),
  port: number(get(value, "port")),
  reason: reasonOf(value),
  // undici has the bytes as text, node:http as they are
  isTls: isTlsRecord(text(get(value, "data"))?.charCodeAt(0), text(get(value, "data"))?.charCodeAt(1))
    || isTlsRecord(byte(get(value, "rawPacket"), 0), byte(get(value, "rawPacket"), 1))
})

const byte = (value: unknown, index: number): unknown => ArrayBuffer.isView(value) ? get(value, `${index}`) : undefined

// An alert or a handshake, of any version.
const isTlsRecord = (type: unknown, major: unknown): boolean => (type === 21 || type === 22) && major === 3

// Where the error is that another one was made of: Effect's, Node's and what hosts make themselves.
const inner = ["cause", "error", "defect", "failure"]

// The error, what it was made of and the errors of an AggregateError, outermost first; bounded, and safe with cycles.
const nodesOf = (error: unknown): ReadonlyArray<object | string> => {
  const queue: Array<unknown> = [error]
  const seen = new Set<unknown>()
  const nodes: Array<object | string> = []
  while (queue.length > 0 && nodes.length < maxNodes) {
    const value = queue.shift()
    if (typeof value === "string" && value !== "") {
      nodes.push(value)
      continue
    }
    if (value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value)) continue
    seen.add(value)
    nodes.push(value)
    for (const key of inner) queue.push(get(value, key))
    const errors = get(value, "errors")
    if (Array.isArray(errors)) queue.push(...errors.slice(0, maxNodes))
  }
  return nodes
}

const factsOf = (error: unknown): ReadonlyArray<Fact> =>
  nodesOf(error).map((node) => typeof node === "string" ? { ...factOf({}), message: node } : factOf(node))

/**
 * The response inside of an error, when a host's own middleware made an error of it (`HttpClient.filterStatusOk`, or one
 * of its own around that): the server did answer, and what it says counts, not that the host refused it.
 */
export const responseIn = (error: unknown): object | undefined => {
  for (const node of nodesOf(error)) {
    if (typeof node === "string") continue
    const response = get(node, "response")
    const isAnswer = typeof response === "object" && response !== null && number(get(response, "status")) !== undefined
    const isOfBody = [reasonOf(node), untitled(get(node, "_tag"))].some((one) =>
      one === "Decode" || one === "EmptyBody"
    )
    if (isAnswer && !isOfBody) return response
  }
  return undefined
}

const codes: Readonly<Record<string, Kind>> = Object.assign(Object.create(null), {
  ECONNREFUSED: "refused",
  ConnectionRefused: "bun-refused",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  FailedToOpenSocket: "unreachable",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "reset",
  UND_ERR_CLOSED: "reset",
  UND_ERR_DESTROYED: "reset",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "reset",
  ERR_STREAM_PREMATURE_CLOSE: "reset",
  ConnectionClosed: "reset",
  UND_ERR_CONNECT_TIMEOUT: "connect-timeout",
  UND_ERR_HEADERS_TIMEOUT: "head-timeout",
  UND_ERR_BODY_TIMEOUT: "body-timeout",
  ESOCKETTIMEDOUT: "timeout",
  UND_ERR_HEADERS_OVERFLOW: "protocol",
  Malformed_HTTP_Response: "protocol",
  EPROTO: "tls",
  HOSTNAME_MISMATCH: "tls"
})

const byCode = (fact: Fact): Kind | undefined => {
  if (fact.isTls) return "tls"
  if (fact.name === "HTTPParserError") return "protocol"
  if (fact.name === "TimeoutException" || fact.name === "TimeoutError") return "timeout"
  if (fact.reason === "InvalidUrl") return "other"
  const code = fact.code
  if (code === undefined) return undefined
  if (code === "ECONNRESET" && /secure TLS connection/i.test(fact.message)) return "tls"
  // A read that timed out is a connection that was lost.
  if (code === "ETIMEDOUT") return fact.syscall === "read" || fact.syscall === "write" ? "reset" : "connect-timeout"
  const known = codes[code]
  if (known !== undefined) return known
  if (code.startsWith("HPE_")) return "protocol"
  if (/CERT|^ERR_(TLS|SSL|BORINGSSL)_|^UNABLE_TO_/.test(code)) return "tls"
  if (code.startsWith("ERR_") || code.startsWith("UND_ERR_INVALID")) return "other"
  return undefined
}

const messages: ReadonlyArray<readonly [RegExp, Kind]> = [
  [/unknown scheme|bad port|invalid header|invalid url/i, "other"],
  [/connection refused/i, "refused"],
  [/dns error|failed to lookup address/i, "dns"],
  [/certificate|\b(tls|ssl)\b|corrupt message of type/i, "tls"],
  [/unreachable|no route to host/i, "unreachable"],
  [/invalid http|http version|parse error|unexpected message from connection/i, "protocol"],
  [/timed out|timeout/i, "timeout"],
  [
    /^terminated$|reset by peer|socket hang up|other side closed|reading a body|connection (was )?closed|premature/i,
    "reset"
  ]
]

const byMessage = (fact: Fact): Kind | undefined => {
  for (const [pattern, kind] of messages) if (pattern.test(fact.message)) return kind
  return undefined
}

const hostOf = (url: string): string => /^[a-z+.-]+:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(url)?.[1] ?? ""

const isAddress = (host: string): boolean =>
  host.startsWith("[") || /^[\d.]+$/.test(host) || /^(.*\.)?localhost\.?$/i.test(host)

const causeOf = (fact: Fact, secrets: ReadonlyArray<string> | undefined): ErrorCause => ({
  name: mask(fact.name, secrets, 80),
  message: mask(fact.message, secrets),
  ...(fact.code === undefined ? {} : { code: mask(fact.code, secrets, 80) }),
  ...(fact.address === undefined ? {} : { address: mask(fact.address, secrets, 80) }),
  ...(fact.port === undefined ? {} : { port: fact.port })
})

/** The typed error of a request that failed, or of a body that was cut. A response in it is not looked for. */
export const classifyTransport = (error: unknown, where: TransportContext): TransportError => {
  const facts = factsOf(error)
  const decide = (by: (fact: Fact) => Kind | undefined): readonly [Kind, Fact] | undefined => {
    for (const fact of facts) {
      const kind = by(fact)
      if (kind !== undefined) return [kind, fact]
    }
    return undefined
  }
  // A code says more than a message: undici's "terminated" stands in front of what really happened.
  const decided = decide(byCode) ?? decide(byMessage)
  // Bun before 1.3 says "refused" of a name that does not resolve, too.
  const bun = isAddress(hostOf(where.url)) ? "refused" : "unreachable"
  const kind = decided === undefined ? "other" : decided[0] === "bun-refused" ? bun : decided[0]
  const fact = decided?.[1] ?? facts.findLast((fact) => fact.message !== "") ?? facts[0]
  // An AggregateError (two addresses of one name) has a code and no address.
  const placed = fact === undefined || fact.address !== undefined
    ? fact
    : facts.find((other) => other.address !== undefined && other.code === fact.code) ?? fact
  const cause = placed === undefined ? undefined : causeOf(placed, where.secrets)
  const { attempts, url } = where
  const failed = (reason: ConnectionFailed["reason"]) => new ConnectionFailed({ url, reason, attempts, cause })
  const timeout = (phase: RequestTimeout["phase"], limit?: number) =>
    new RequestTimeout({
      url,
      phase,
      attempts,
      cause,
      ...(limit !== undefined && Number.isFinite(limit) ? { limit } : {})
    })
  switch (kind) {
    case "refused":
      return new ConnectionRefused({
        url,
        attempts,
        cause,
        ...(cause?.address === undefined ? {} : { address: cause.address }),
        ...(cause?.port === undefined ? {} : { port: cause.port })
      })
    case "connect-timeout":
      return timeout("connect")
    case "head-timeout":
      return timeout("first-byte")
    case "body-timeout":
      return timeout("idle")
    case "timeout":
      return timeout(where.phase === "head" ? "first-byte" : "idle", where.limit)
    default:
      return failed(kind)
  }
}

/** Whether the server did not answer; an answer that refuses is none of these. */
export const isTransportError = (error: { readonly _tag: string }): error is TransportError =>
  error._tag === "ConnectionRefused" || error._tag === "ConnectionFailed" || error._tag === "RequestTimeout"
