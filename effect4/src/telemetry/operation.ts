// @partial
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as Tracer from "effect/Tracer"

// What is counted has the attributes of the fiber besides.
type Labels = Context.Context<never>

const metered = (tags: ReadonlyArray<readonly [string, string]>): Metered => {
  const memo = <A>(make: (key: string) => A) => {
    const made = new Map<string, A>()
    return (key: string): A => {
      const found = made.get(key) ?? make(key)
      made.set(key, found)
      return found
    }
  }
  const within = <In, State>(metric: Metric.Metric<In, State>, name: string) =>
    memo((value) =>
      Metric.withAttributes(metric, Object.fromEntries(value === "" ? tags : [...tags, [name, value] as const]))
    )
  const byError = <In, State>(metric: Metric.Metric<In, State>) => within(metric, "error.type")
  const duration = byError(Metrics.operationDuration)
  const failed = byError(Metrics.failures)
  const candidateFailed = byError(Metrics.candidateFailures)
  const retried = byError(Metrics.retries)
  const tokens = within(Metrics.tokenUsage, "gen_ai.token.type")
  const first = byError(Metrics.timeToFirstEvent)
  const open = byError(Metrics.openRequests)
  return {
    duration: (errorType, seconds, labels) => duration(errorType ?? "").updateUnsafe(seconds, labels),
    first: (seconds, labels) => first("").updateUnsafe(seconds, labels),
    tokens: (type, count, labels) => tokens(type).updateUnsafe(count, labels),
    failed: (errorType, labels) => failed(errorType).updateUnsafe(1, labels),
    candidateFailed: (errorType, labels) => candidateFailed(errorType).updateUnsafe(1, labels),
    retried: (errorType, labels) => retried(errorType).updateUnsafe(1, labels),
    open: (change, labels) => open("").modifyUnsafe(change, labels)
  }
}

export const RecordContent: Context.Reference<boolean> = Context.Reference(
  "effect-ollama/OllamaTelemetry/RecordContent",
  { defaultValue: () => false }
)

// @members
export class Operation {
  private readonly labels: Labels
  constructor(
    fiber: Fiber.Fiber<unknown, unknown>,
    private readonly operation: Operations,
    readonly span: Tracer.Span | undefined
  ) {
    this.clock = fiber.getRef(Clock.Clock)
    this.labels = fiber.context
    this.start = this.clock.currentTimeNanosUnsafe()
    this.sampled = span?.sampled === true ? span : undefined
    this.isRecorded = this.sampled !== undefined && fiber.getRef(RecordContent)
    this.annotate({ "gen_ai.operation.name": operation.name })
  }
}
