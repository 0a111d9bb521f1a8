import { HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect } from "effect"
import * as FastCheck from "effect/FastCheck"
import { classifyTransport, responseIn } from "../src/core/failure/transport.js"

const url = "http://127.0.0.1:11434/api/tags"
const request = HttpClientRequest.get(url)

const error = (message: string, more: object = {}, name = "Error") => Object.assign(new Error(message), { name }, more)

const transport = (cause: unknown) => new HttpClientError.RequestError({ request, reason: "Transport", cause })
const fetchFailed = (cause: unknown) => transport(error("fetch failed", { cause }, "TypeError"))
const cutBody = (cause: unknown) =>
  new HttpClientError.ResponseError({ request, response: undefined as never, reason: "Decode", cause })

const outcome = (thrown: unknown, phase: "head" | "body" = "head", at = url) => {
  const failure = classifyTransport(thrown, { url: at, phase, attempts: 1, limit: 5000 })
  switch (failure._tag) {
    case "ConnectionRefused":
      return "refused"
    case "ConnectionFailed":
      return failure.reason
    case "RequestTimeout":
      return `timeout ${failure.phase}`
  }
}

const refused = error("connect ECONNREFUSED 127.0.0.1:11434", {
  code: "ECONNREFUSED",
  errno: -111,
  syscall: "connect",
  address: "127.0.0.1",
  port: 11434
})
const refused6 = error("connect ECONNREFUSED ::1:11434", { code: "ECONNREFUSED", address: "::1", port: 11434 })
const both = Object.assign(new AggregateError([refused6, refused], ""), { code: "ECONNREFUSED" })
const notFound = error("getaddrinfo ENOTFOUND nowhere.invalid", { code: "ENOTFOUND", syscall: "getaddrinfo" })
const beforeTls = error("Client network socket disconnected before secure TLS connection was established", {
  code: "ECONNRESET"
})
const parserError = error("Response does not match the HTTP/1.1 protocol", {}, "HTTPParserError")
// What an alert of TLS is, read as HTTP.
const tlsAlert = "\u0015\u0003\u0001\u0000\u0002\u0002F"
const secure = "https://127.0.0.1:11434/api/tags"
const denoFailed = (message: string) =>
  transport(error("fetch failed", {
    cause: error(`error sending request for url (${secure}): client error ${message}`)
  }, "TypeError"))
const reset = error("read ECONNRESET", { code: "ECONNRESET", syscall: "read" })
const closed = error("other side closed", { code: "UND_ERR_SOCKET" }, "SocketError")
const terminated = (cause: unknown) => cutBody(error("terminated", { cause }, "TypeError"))

type Case = readonly [what: string, thrown: unknown, outcome: string, phase?: "head" | "body", at?: string]

const cases: ReadonlyArray<Case> = [
  // refused
  ["fetch, one address", fetchFailed(refused), "refused"],
  ["fetch, two addresses", fetchFailed(both), "refused"],
  ["undici and node:http", transport(refused), "refused"],
  ["undici, two addresses", transport(both), "refused"],
  ["Bun", transport(error("Unable to connect", { code: "ECONNREFUSED", errno: 0 }, "TypeError")), "refused"],
  ["Bun 1.2, of an address", transport(error("Unable to connect", { code: "ConnectionRefused" })), "refused"],
  [
    "Bun 1.2, of a name",
    transport(error("Unable to connect", { code: "ConnectionRefused" })),
    "unreachable",
    "head",
    "http://nowhere.invalid:11434/api/tags"
  ],
  [
    "Deno",
    transport(
      error("client error (Connect): tcp connect error: Connection refused (os error 111)", {}, "TypeError")
    ),
    "refused"
  ],
  // dns
  ["fetch", fetchFailed(notFound), "dns"],
  ["undici and node:http", transport(notFound), "dns"],
  ["Deno", transport(error("client error (Connect): dns error: failed to lookup address information")), "dns"],
  ["a name server that does not answer", transport(error("getaddrinfo EAI_AGAIN x", { code: "EAI_AGAIN" })), "dns"],
  // the request itself
  [
    "no scheme",
    new HttpClientError.RequestError({
      request,
      reason: "InvalidUrl",
      cause: error("Invalid URL", { code: "ERR_INVALID_URL" }, "TypeError")
    }),
    "other"
  ],
  ["fetch, ftp", fetchFailed(error("unknown scheme")), "other"],
  ["undici, ftp", transport(error("Invalid URL protocol", { code: "UND_ERR_INVALID_ARG" })), "other"],
  ["node:http, ftp", error("Protocol \"ftp:\" not supported", { code: "ERR_INVALID_PROTOCOL" }, "TypeError"), "other"],
  ["fetch, blocked port", fetchFailed(error("bad port")), "other"],
  ["a bad header", transport(error("Headers.append: \"x\" is an invalid header value.", {}, "TypeError")), "other"],
  ["node:http, a bad header", error("Invalid character in header content", { code: "ERR_INVALID_CHAR" }), "other"],
  // tls
  ["https to a plain port", fetchFailed(beforeTls), "tls"],
  [
    "a certificate of nobody",
    fetchFailed(error("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })),
    "tls"
  ],
  ["a name that does not fit", transport(error("", { code: "ERR_TLS_CERT_ALTNAME_INVALID" })), "tls"],
  [
    "https to a plain port, undici",
    fetchFailed(error("error:0A00010B:SSL routines:ssl3_get_record:wrong version number", {
      code: "ERR_SSL_WRONG_VERSION_NUMBER",
      reason: "wrong version number"
    })),
    "tls",
    "head",
    secure
  ],
  ["https to a plain port, node:http", transport(error("write EPROTO", { code: "EPROTO", syscall: "write" })), "tls"],
  [
    "https to a plain port, Bun",
    transport(error("EPROTO: The TLS handshake failed. Does the server speak TLS on this port?", { code: "EPROTO" })),
    "tls",
    "head",
    secure
  ],
  [
    "https to a plain port, Deno",
    denoFailed("(Connect): received corrupt message of type InvalidContentType"),
    "tls",
    "head",
    secure
  ],
  ["a certificate of nobody, Deno", denoFailed("(Connect): invalid peer certificate: UnknownIssuer"), "tls"],
  [
    "http to a TLS port, undici",
    fetchFailed(error("Response does not match the HTTP/1.1 protocol (Expected HTTP/)", {
      code: "HPE_INVALID_CONSTANT",
      data: tlsAlert
    }, "HTTPParserError")),
    "tls"
  ],
  [
    "http to a TLS port, node:http",
    transport(error("Parse Error: Expected HTTP/, RTSP/ or ICE/", {
      code: "HPE_INVALID_CONSTANT",
      rawPacket: new TextEncoder().encode(tlsAlert)
    })),
    "tls"
  ],
  // protocol
  ["fetch, no HTTP", fetchFailed(parserError), "protocol"],
  ["Deno, no HTTP", denoFailed("(SendRequest): received unexpected message from connection"), "protocol"],
  ["node:http, no HTTP", transport(error("Parse Error", { code: "HPE_INVALID_CONSTANT" })), "protocol"],
  ["Bun, no HTTP", transport(error("", { code: "Malformed_HTTP_Response" })), "protocol"],
  // reset
  ["fetch, RST before the head", fetchFailed(reset), "reset"],
  ["fetch, FIN before the head", fetchFailed(closed), "reset"],
  ["node:http, FIN before the head", transport(error("socket hang up", { code: "ECONNRESET" })), "reset"],
  ["fetch, RST in the body", terminated(reset), "reset", "body"],
  ["fetch, FIN in the body", terminated(closed), "reset", "body"],
  ["undici, RST in the body", cutBody(reset), "reset", "body"],
  ["node:http, a short body", cutBody(error("aborted", { code: "ECONNRESET" })), "reset", "body"],
  ["Deno, a short body", cutBody(error("error reading a body from connection", {}, "TypeError")), "reset", "body"],
  ["a read that timed out", cutBody(error("read ETIMEDOUT", { code: "ETIMEDOUT", syscall: "read" })), "reset", "body"],
  // unreachable
  ["no route", fetchFailed(error("", { code: "EHOSTUNREACH" })), "unreachable"],
  // timeouts
  ["connecting", fetchFailed(error("Connect Timeout Error", { code: "UND_ERR_CONNECT_TIMEOUT" })), "timeout connect"],
  ["connecting, by the system", transport(error("", { code: "ETIMEDOUT", syscall: "connect" })), "timeout connect"],
  [
    "fetch's 300 s",
    fetchFailed(error("Headers Timeout Error", { code: "UND_ERR_HEADERS_TIMEOUT" })),
    "timeout first-byte"
  ],
  [
    "fetch's 300 s in a body",
    terminated(error("Body Timeout Error", { code: "UND_ERR_BODY_TIMEOUT" })),
    "timeout idle",
    "body"
  ],
  ["Effect's", new Cause.TimeoutException("5s"), "timeout first-byte"],
  ["Effect's in a body", new Cause.TimeoutException("5s"), "timeout idle", "body"],
  // made into something else by a host
  ["a host's own error", new Data.Error({ error: transport(refused) } as never), "refused"],
  ["a host's own error of a cause", { failure: { defect: fetchFailed(notFound) } }, "dns"],
  // nothing known
  ["Chromium", transport(error("Failed to fetch", {}, "TypeError")), "other"],
  ["Firefox", transport(error("NetworkError when attempting to fetch resource.", {}, "TypeError")), "other"],
  ["Safari", transport(error("Load failed", {}, "TypeError")), "other"],
  ["workerd", transport(error("Network connection lost.")), "other"],
  ["nothing", undefined, "other"],
  ["a string", "boom", "other"]
]

describe("classifyTransport", () => {
  for (const [what, thrown, expected, phase, at] of cases) {
    it(`${expected}: ${what}`, () => assert.strictEqual(outcome(thrown, phase, at), expected))
  }

  it("keeps address and port of a refused connection, of the first of two addresses", () => {
    const one = classifyTransport(fetchFailed(refused), { url, phase: "head", attempts: 4 })
    assert(one._tag === "ConnectionRefused")
    assert.deepStrictEqual([one.address, one.port, one.attempts], ["127.0.0.1", 11434, 4])
    assert.strictEqual(one.cause?.code, "ECONNREFUSED")
    const two = classifyTransport(fetchFailed(both), { url, phase: "head", attempts: 1 })
    assert(two._tag === "ConnectionRefused")
    assert.deepStrictEqual([two.address, two.port], ["::1", 11434])
  })

  it("does not claim to know the limit of the transport's own timeout", () => {
    const failure = classifyTransport(fetchFailed(error("", { code: "UND_ERR_HEADERS_TIMEOUT" })), {
      url,
      phase: "head",
      attempts: 1,
      limit: 600_000
    })
    assert(failure._tag === "RequestTimeout")
    assert.isUndefined(failure.limit)
    assert.include(failure.hint, "300 s")
  })

  it("keeps no limit that is none", () => {
    const failure = classifyTransport(new Cause.TimeoutException(), {
      url,
      phase: "head",
      attempts: 1,
      limit: Infinity
    })
    assert(failure._tag === "RequestTimeout")
    assert.isUndefined(failure.limit)
  })

  it("comes to an end with causes in a circle and getters that throw", () => {
    const circle = error("a") as Error & { cause: unknown }
    circle.cause = error("b", { cause: circle })
    assert.strictEqual(outcome(circle), "other")
    const hostile = Object.defineProperty({}, "cause", {
      get() {
        throw new Error("no")
      }
    })
    assert.strictEqual(outcome(hostile), "other")
    const many = new AggregateError(Array.from({ length: 10_000 }, () => error("x")))
    assert.strictEqual(outcome(many), "other")
  })

  it("shows no header value, no credentials and no given secret", () => {
    const shown = (thrown: unknown, secrets?: ReadonlyArray<string>) =>
      JSON.stringify(classifyTransport(thrown, { url, phase: "head", attempts: 1, secrets }))
    assert.notInclude(shown(error("Headers.append: \"Bearer s3cret\nx\" is an invalid header value.")), "s3cret")
    assert.notInclude(shown(error("Headers.append: \"s3cret\nx\" is an invalid header value.")), "s3cret")
    assert.notInclude(shown(error("Request cannot be constructed from http://me:s3cret@host/")), "s3cret")
    assert.notInclude(shown(error("authorization: Bearer s3cret")), "s3cret")
    assert.notInclude(shown(error("it was s3cret all along"), ["s3cret"]), "s3cret")
  })

  it.prop(
    "takes any value, thrown anywhere",
    [FastCheck.anything(), FastCheck.constantFrom("head" as const, "body" as const)],
    ([value, phase]) => {
      const failure = classifyTransport({ cause: value, errors: [value] }, { url, phase, attempts: 1 })
      return failure.hint.length > 0
    }
  )
})

describe("hints of what browsers do not tell", () => {
  const hintOf = (message: string, at = url) =>
    classifyTransport(transport(error(message, {}, "TypeError")), { url: at, phase: "head", attempts: 1 }).hint

  it("say both things that it can be", () => {
    for (
      const message of [
        "Failed to fetch",
        "NetworkError when attempting to fetch resource.",
        "Load failed",
        "Network connection lost."
      ]
    ) {
      assert.match(hintOf(message), /Ollama is not running there \(`ollama serve`\).* OLLAMA_ORIGINS/, message)
    }
    assert.include(
      hintOf("Failed to fetch", "https://api.example.com/v1/chat/completions"),
      "The server is not running"
    )
  })

  it("are not given for what was told", () => {
    assert.notInclude(hintOf("fetch failed"), "is not running there")
    assert.notInclude(
      classifyTransport(fetchFailed(reset), { url, phase: "head", attempts: 1 }).hint,
      "is not running there"
    )
  })
})

describe("hints of the wrong scheme", () => {
  const hintOf = (thrown: unknown, at: string) =>
    classifyTransport(thrown, { url: at, phase: "head", attempts: 1 }).hint

  it("tell to write https where TLS is spoken", () => {
    const alert = error("Expected HTTP/", { code: "HPE_INVALID_CONSTANT", data: tlsAlert }, "HTTPParserError")
    assert.match(hintOf(fetchFailed(alert), url), /^127\.0\.0\.1:11434 speaks TLS .* Write https:\/\/ in baseUrl\.$/)
    assert.include(hintOf(fetchFailed(parserError), url), "does not speak HTTP")
  })

  it("tell that a connection that was closed may have wanted TLS, if it was not offered", () => {
    assert.include(hintOf(fetchFailed(closed), url), "a port for TLS needs https:// in baseUrl")
    assert.notInclude(hintOf(fetchFailed(closed), secure), "https://")
  })

  it("tell to look at the scheme where TLS failed", () => {
    assert.include(hintOf(fetchFailed(beforeTls), secure), "check the scheme of baseUrl, or the certificate")
  })
})

describe("responseIn", () => {
  const answering = (status: number) =>
    HttpClient.make((request) =>
      Effect.succeed(HttpClientResponse.fromWeb(request, new Response("{\"error\":\"no\"}", { status })))
    )

  class HostError extends Data.TaggedError("HostError")<{ readonly cause: unknown }> {}

  it.effect("finds the answer that a host's middleware made an error of, and what a host made of that", () =>
    Effect.gen(function*() {
      const strict = HttpClient.filterStatusOk(answering(404))
      for (
        const client of [
          strict,
          HttpClient.filterStatus(answering(404), (status) => status === 200),
          HttpClient.transform(strict, Effect.mapError((cause) => new HostError({ cause }))),
          HttpClient.transform(strict, Effect.mapError((cause) => new HostError({ cause: new Error("no", { cause }) })))
        ]
      ) {
        const response = responseIn(yield* Effect.flip(client.execute(request)))
        assert.strictEqual(response === undefined ? response : Reflect.get(response, "status"), 404)
        assert.strictEqual(yield* (response as HttpClientResponse.HttpClientResponse).text, "{\"error\":\"no\"}")
      }
    }))

  it("finds none where the connection failed, or the body", () => {
    for (const thrown of [fetchFailed(refused), terminated(reset), new Cause.TimeoutException(), undefined, "no"]) {
      assert.isUndefined(responseIn(thrown))
    }
    const response = HttpClientResponse.fromWeb(request, new Response("no"))
    assert.isUndefined(
      responseIn(new HttpClientError.ResponseError({ request, response, reason: "Decode", cause: new SyntaxError() }))
    )
    assert.isUndefined(responseIn({ response: "no", cause: { response: { status: "404" } } }))
  })
})
