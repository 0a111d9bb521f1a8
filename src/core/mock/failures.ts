/** The errors that the HTTP clients of each runtime really fail with, cause for cause. */

/** Whose transport errors are imitated. */
export type Runtime = "fetch" | "undici" | "http" | "bun" | "deno"

export type Failure = "refused" | "dns" | "headers-timeout" | "reset" | "close"

const withFields = (error: Error, fields: Record<string, unknown>) => Object.assign(error, fields)

const addressOf = (url: URL) => ({
  host: url.hostname.replace(/^\[|\]$/g, ""),
  port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port)
})

const connectRefused = (address: string, port: number) =>
  withFields(new Error(`connect ECONNREFUSED ${address.includes(":") ? `[${address}]` : address}:${port}`), {
    errno: -111,
    code: "ECONNREFUSED",
    syscall: "connect",
    address,
    port
  })

const nodeRefused = (url: URL): Error => {
  const { host, port } = addressOf(url)
  if (host !== "localhost") return connectRefused(host, port)
  // both addresses were tried
  return withFields(new AggregateError([connectRefused("::1", port), connectRefused("127.0.0.1", port)], ""), {
    code: "ECONNREFUSED"
  })
}

const named = (name: string, message: string, fields: Record<string, unknown>) =>
  withFields(new Error(message), { name, ...fields })

const nodeCause = (failure: Failure, url: URL, http: boolean, inBody: boolean): Error => {
  switch (failure) {
    case "refused":
      return nodeRefused(url)
    case "dns": {
      const { host } = addressOf(url)
      const fields = { errno: -3008, code: "ENOTFOUND", syscall: "getaddrinfo", hostname: host }
      return withFields(new Error(`getaddrinfo ENOTFOUND ${host}`), fields)
    }
    case "headers-timeout":
      return named("HeadersTimeoutError", "Headers Timeout Error", { code: "UND_ERR_HEADERS_TIMEOUT" })
    case "reset":
      return http && inBody
        ? withFields(new Error("aborted"), { code: "ECONNRESET" })
        : withFields(new Error("read ECONNRESET"), { errno: -104, code: "ECONNRESET", syscall: "read" })
    case "close":
      return http
        ? withFields(new Error(inBody ? "aborted" : "socket hang up"), { code: "ECONNRESET" })
        : named("SocketError", "other side closed", { code: "UND_ERR_SOCKET" })
  }
}

const bun: Readonly<Record<Failure, readonly [message: string, code: string]>> = {
  refused: ["Unable to connect. Is the computer able to access the url?", "ECONNREFUSED"],
  dns: ["getaddrinfo ENOTFOUND", "ENOTFOUND"],
  "headers-timeout": ["The operation timed out.", "ETIMEDOUT"],
  reset: ["The socket connection was closed unexpectedly.", "ECONNRESET"],
  close: ["The socket connection was closed unexpectedly.", "ECONNRESET"]
}

const deno = (failure: Failure, url: URL): string => {
  const prefix = `error sending request for url (${url.href}): client error`
  switch (failure) {
    case "refused":
      return `${prefix} (Connect): tcp connect error: Connection refused (os error 111)`
    case "dns":
      return `${prefix} (Connect): dns error: failed to lookup address information: Name or service not known`
    case "headers-timeout":
      return `${prefix} (SendRequest): operation timed out`
    case "reset":
      return `${prefix} (SendRequest): connection error: Connection reset by peer (os error 104)`
    case "close":
      return `${prefix} (SendRequest): connection closed before message completed`
  }
}

/** The `cause` of the client's RequestError, or of its ResponseError when the body was cut. */
export const causeOf = (runtime: Runtime, failure: Failure, url: URL, inBody: boolean): Error => {
  switch (runtime) {
    case "fetch":
      return new TypeError(inBody ? "terminated" : "fetch failed", { cause: nodeCause(failure, url, false, inBody) })
    case "undici":
      return nodeCause(failure, url, false, inBody)
    case "http":
      return nodeCause(failure, url, true, inBody)
    case "bun": {
      const [message, code] = bun[failure]
      return withFields(new TypeError(message), { code, errno: 0, path: url.href })
    }
    case "deno":
      return new TypeError(inBody ? "error reading a body from connection" : deno(failure, url))
  }
}
