/** Everything that a value, a log line or a span can be printed as. */
import {
  Cause,
  type Context,
  Effect,
  type Exit,
  FiberRef,
  HashSet,
  Inspectable,
  Logger,
  LogLevel,
  Option,
  Schema,
  Tracer
} from "effect"
import { OllamaError } from "effect-ollama"
import { inspect } from "node:util"

const deep = (value: unknown): string => inspect(value, { depth: 20, showHidden: true, maxArrayLength: null })

const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? ""
  } catch (error) {
    return String(error)
  }
}

const classes = Object.values(OllamaError).filter((value): value is typeof value & Schema.Schema<unknown> =>
  typeof value === "function" && Schema.isSchema(value)
)

/** The error as it is sent to another process, by its own class. */
const encoded = (error: unknown): ReadonlyArray<string> =>
  classes.filter((schema) => error instanceof (schema as unknown as new() => object))
    .map((schema) => json(Schema.encodeSync(schema as Schema.Schema<unknown>)(error)))

const strings = (value: object): ReadonlyArray<string> =>
  ["message", "hint", "stack"].map((key) => String((value as Record<string, unknown>)[key] ?? ""))

export const printed = (value: unknown): ReadonlyArray<string> => [
  String(value),
  deep(value),
  json(value),
  String(Inspectable.format(value)),
  Cause.pretty(Cause.fail(value), { renderErrorCause: true }),
  ...(typeof value === "object" && value !== null ? strings(value) : []),
  ...encoded(value)
]

// What tracers tell of how a span ended. The spans of HttpClient end with its own responses and errors, which hold the
// request: of those only what exporters read, the pretty errors.
const exits = (name: string, exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> => [
  ...(name.startsWith("http.client") ? [] : [deep(exit), json(exit)]),
  ...(exit._tag === "Success" ? [] : [
    Cause.pretty(exit.cause, { renderErrorCause: true }),
    ...Cause.prettyErrors(exit.cause).flatMap((error) => [error.message, String(error.stack)])
  ])
]

class Span implements Tracer.Span {
  readonly _tag = "Span"
  readonly traceId = "0"
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly events: Array<readonly [string, unknown]> = []
  status: Tracer.SpanStatus
  constructor(
    readonly name: string,
    readonly parent: Option.Option<Tracer.AnySpan>,
    readonly context: Context.Context<never>,
    readonly links: Array<Tracer.SpanLink>,
    startTime: bigint,
    readonly kind: Tracer.SpanKind,
    readonly spanId: string
  ) {
    this.status = { _tag: "Started", startTime }
  }
  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>) {
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
  }
  attribute(key: string, value: unknown) {
    this.attributes.set(key, value)
  }
  event(name: string, _time: bigint, attributes?: Record<string, unknown>) {
    this.events.push([name, attributes])
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>) {
    this.links.push(...links)
  }
}

export interface Recorder {
  readonly record: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The names of the spans so far. */
  readonly spans: () => ReadonlyArray<string>
  readonly logs: () => number
  /** All that logs and spans show. */
  readonly all: () => ReadonlyArray<string>
}

/** Records what is logged (as each of Effect's loggers writes it) and traced. */
export const recorder = (): Recorder => {
  const logs: Array<string> = []
  const spans: Array<Span> = []
  const logger = Logger.make((options) => {
    logs.push(
      Logger.stringLogger.log(options),
      Logger.logfmtLogger.log(options),
      Logger.jsonLogger.log(options),
      deep(Logger.structuredLogger.log(options))
    )
  })
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const span = new Span(name, parent, context, [...links], startTime, kind, String(spans.length))
      spans.push(span)
      return span
    },
    context: (f) => f()
  })
  const loggers = HashSet.make(Logger.tracerLogger, logger)
  return {
    // Layers of loggers would leave them behind, so that each recording of a test wrote for those before it too.
    record: (effect) =>
      effect.pipe(
        Effect.withTracer(tracer),
        Effect.locally(FiberRef.currentLoggers, loggers),
        Logger.withMinimumLogLevel(LogLevel.All)
      ),
    spans: () => spans.map((span) => span.name),
    logs: () => logs.length,
    all: () => [
      ...logs,
      ...spans.flatMap((span) => [
        span.name,
        deep(span.attributes),
        deep(span.events),
        deep(span.links),
        ...(span.status._tag === "Ended" ? exits(span.name, span.status.exit) : [])
      ])
    ]
  }
}

/** Logs a value in every way in which programs do. */
export const logged = (value: unknown): Effect.Effect<void> =>
  Effect.all([
    Effect.logTrace("a value", value),
    Effect.logError("a cause", Cause.fail(value)),
    Effect.annotateLogs(Effect.logWarning("annotated"), "value", value),
    Effect.annotateCurrentSpan("value", value)
  ], { discard: true }).pipe(Effect.withSpan("logged"))
