/**
 * The mock Ollama on a real port, for Node: resets, stalls and single bytes are those of a socket.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import { failed, headersOf, type Plan, sending } from "../core/mock/plan.js"
import type { Recording } from "../core/mock/server.js"
import { makeDescribed, makeService } from "./internal/service.js"
import { MockOllama } from "./MockOllama.js"
import type { Description, RecordedRequest, Service } from "./Script.js"

/**
 * What only a server on a socket can tell and do.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerService {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  /** How many connections were opened so far, and how many of them are closed. */
  readonly connections: Effect.Effect<{ readonly opened: number; readonly closed: number }>
  /** Waits until a client has left before its answer was all sent, and tells which request that was. */
  readonly nextAborted: Effect.Effect<RecordedRequest>
  /** Closes the port and all connections: from then on connections are really refused. */
  readonly stop: Effect.Effect<void>
  /** Listens on the same port again. */
  readonly start: Effect.Effect<void>
}

/**
 * The service of the mock's socket.
 *
 * @since 0.1.0
 * @category tags
 */
export class MockServer extends Context.Tag("effect-ollama/testing/node/MockServer")<MockServer, ServerService>() {}

/**
 * Where the mock listens.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions {
  /** Default: a free one. A port that is taken is a defect. */
  readonly port?: number | undefined
  /** How many requests are remembered, the last ones; all by default. For a mock that runs for long. */
  readonly remember?: number | undefined
  /** Told of each request when it has come. */
  readonly onRequest?: ((request: RecordedRequest) => void) | undefined
}

/** Longer ones a timer of Node takes for none. */
const longestTimer = 2_147_483_647

const play = (
  plan: Plan,
  response: Http.ServerResponse,
  request: Http.IncomingMessage,
  report: (error: unknown) => void,
  sent: (plan: Plan) => void
) => {
  const { socket } = request
  let timer: ReturnType<typeof setTimeout> | undefined
  response.once("close", () => clearTimeout(timer))
  const wait = (ms: number, then: () => void): void => {
    if (ms > longestTimer) timer = setTimeout(() => wait(ms - longestTimer, then), longestTimer)
    else if (ms > 0) timer = setTimeout(then, ms)
    else then()
  }
  const end = () => {
    switch (plan.end) {
      case "complete":
        sent(plan)
        response.end()
        return
      case "close":
        sent(plan)
        // what was written goes out first, then a FIN without the end of the body
        socket.end()
        return
      case "stall":
      case "headers-timeout":
        return
      default:
        sent(plan)
        socket.resetAndDestroy()
    }
  }
  const send = (index: number) => {
    const chunk = plan.chunks[index]
    if (chunk === undefined) {
      // a reset throws away what is not sent yet: give it a turn
      if (plan.end === "reset" && plan.head !== undefined) setTimeout(end, 10)
      else end()
      return
    }
    wait(chunk.delay, () => {
      if (response.destroyed) return
      sending(plan, index)
      response.write(chunk.bytes, () => send(index + 1))
    })
  }
  wait(plan.delay, () => {
    if (response.destroyed) return
    if (plan.head === undefined) return end()
    response.sendDate = false
    try {
      response.writeHead(plan.head.status, headersOf(plan, Date.now()).flat())
    } catch (error) {
      report(error)
      return play(failed(error), response, request, report, sent)
    }
    if (plan.chunks.length === 0 && plan.end === "complete") return end()
    response.flushHeaders()
    send(0)
  })
}

/** A request, as long as it is under way. */
interface Exchange {
  /** Whether its client may go without having left it: all is sent, or nobody asks for it any more. */
  isOver: boolean
}

const listen = (server: Http.Server, port: number) =>
  Effect.async<number, Error>((resume) => {
    const fail = (error: Error) => resume(Effect.fail(error))
    server.once("error", fail)
    server.listen(port, "127.0.0.1", () => {
      server.off("error", fail)
      resume(Effect.succeed((server.address() as Net.AddressInfo).port))
    })
  })

const close = (server: Http.Server) =>
  Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/**
 * Serves a mock on a port of 127.0.0.1 (a free one by default) for as long as the scope lasts. A `refused` fault resets
 * the connection here: `stop` is what refuses.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeServer = (
  description: Description = {},
  options: ServerOptions = {}
): Effect.Effect<{ readonly mock: Service; readonly server: ServerService }, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { onRequest, port: wanted = 0, remember = Infinity } = options
    const mock = makeDescribed(description, remember)
    let opened = 0
    let closed = 0
    const waiting: Array<(request: RecordedRequest) => void> = []
    const left: Array<RecordedRequest> = []
    const exchanges = new Set<Exchange>()
    let root = ""

    const http = Http.createServer((request, response) => {
      const body: Array<Buffer> = []
      const exchange: Exchange = { isOver: false }
      exchanges.add(exchange)
      response.once("close", () => exchanges.delete(exchange))
      const leave = (record: Recording) => {
        if (exchange.isOver) return
        record.aborted = true
        const next = waiting.shift()
        if (next !== undefined) return next({ ...record })
        left.push({ ...record })
        if (left.length > remember) left.shift()
      }
      const handle = () => {
        const bytes = Buffer.concat(body)
        const handled = mock.handle({
          method: request.method ?? "GET",
          url: `${root}${request.url?.startsWith("/") === true ? request.url : "/"}`,
          headers: Object.fromEntries(
            Object.entries(request.headers).map((
              [name, value]
            ) => [name, Array.isArray(value) ? value.join(", ") : value ?? ""])
          ),
          body: bytes.toString("utf8"),
          bytes
        }, Date.now())
        onRequest?.({ ...handled.record })
        return handled
      }
      request.on("data", (chunk: Buffer) => body.push(chunk))
      // The client left while it sent its request: that has no answer.
      request.once("close", () => {
        if (!request.complete && !exchange.isOver) leave(handle().record)
      })
      request.on("end", () => {
        const { plan, record } = handle()
        response.once("close", () => leave(record))
        play(plan, response, request, mock.report, ({ end }) => {
          exchange.isOver = true
          record.complete = end === "complete"
        })
      })
    })
    /** Those under way are neither answered to the end nor left by their clients: it is the mock that goes, or forgets. */
    const settle = Effect.sync(() => {
      for (const exchange of exchanges) exchange.isOver = true
    })
    const stop = Effect.suspend(() => http.listening ? Effect.zipRight(settle, close(http)) : Effect.void)
    http.on("connection", (socket: Net.Socket) => {
      opened++
      socket.on("error", () => {})
      socket.once("close", () => closed++)
    })

    const port = yield* Effect.acquireRelease(
      Effect.orDie(listen(http, wanted)),
      () => stop
    )
    const url = `http://127.0.0.1:${port}`
    root = url
    const service = makeService(mock, url + (description.prefix ?? ""))
    const forget = Effect.sync(() => left.splice(0))
    return {
      mock: { ...service, reset: Effect.zipRight(settle, Effect.zipRight(forget, service.reset)) },
      server: {
        url,
        port,
        connections: Effect.sync(() => ({ opened, closed })),
        nextAborted: Effect.async<RecordedRequest>((resume) => {
          const request = left.shift()
          if (request !== undefined) return resume(Effect.succeed(request))
          const next = (aborted: RecordedRequest) => resume(Effect.succeed(aborted))
          waiting.push(next)
          return Effect.sync(() => {
            const index = waiting.indexOf(next)
            if (index >= 0) waiting.splice(index, 1)
          })
        }),
        stop,
        start: Effect.suspend(() => http.listening ? Effect.void : Effect.asVoid(Effect.orDie(listen(http, port))))
      }
    }
  })

/**
 * A mock on a free port of 127.0.0.1, with its service and that of its socket.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { MockOllama } from "effect-ollama/testing"
 * import * as MockNode from "effect-ollama/testing/node"
 *
 * const program = Effect.gen(function*() {
 *   const url = yield* MockNode.url
 *   const version = yield* Effect.promise(() => fetch(`${url}/api/version`).then((response) => response.json()))
 *   return { version, requests: yield* MockOllama.requests }
 * })
 *
 * Effect.runPromise(program.pipe(Effect.provide(MockNode.layerServer({ version: "0.24.0" })))).then(console.log)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (
  description: Description = {},
  options: ServerOptions = {}
): Layer.Layer<MockOllama | MockServer> =>
  Layer.scopedContext(
    Effect.map(makeServer(description, options), ({ mock, server }) =>
      Context.make(MockServer, server).pipe(Context.add(MockOllama, mock)))
  )

// =============================================================================
// accessors
// =============================================================================

/**
 * `http://127.0.0.1:<port>`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const url: Effect.Effect<string, never, MockServer> = Effect.map(MockServer, (server) => server.url)

/**
 * The port on which the mock listens.
 *
 * @since 0.1.0
 * @category accessors
 */
export const port: Effect.Effect<number, never, MockServer> = Effect.map(MockServer, (server) => server.port)

/**
 * How many connections were opened so far, and how many of them are closed.
 *
 * @since 0.1.0
 * @category accessors
 */
export const connections: Effect.Effect<{ readonly opened: number; readonly closed: number }, never, MockServer> =
  Effect.flatMap(MockServer, (server) => server.connections)

/**
 * Waits until a client has left before its answer was all sent, and tells which request that was.
 *
 * @since 0.1.0
 * @category accessors
 */
export const nextAborted: Effect.Effect<RecordedRequest, never, MockServer> = Effect.flatMap(
  MockServer,
  (server) => server.nextAborted
)

/**
 * Closes the port and all connections: from then on connections are really refused.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stop: Effect.Effect<void, never, MockServer> = Effect.flatMap(MockServer, (server) => server.stop)

/**
 * Listens on the same port again.
 *
 * @since 0.1.0
 * @category accessors
 */
export const start: Effect.Effect<void, never, MockServer> = Effect.flatMap(MockServer, (server) => server.start)
