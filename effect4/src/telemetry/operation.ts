// @partial
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as Tracer from "effect/Tracer"

// That of the fiber, whose attributes are added by Effect.
type Labels = Context.Context<never>
type Own = ReadonlyArray<readonly [string, string]>

type Updated<In> = Metric.Metric<In, unknown>

/** A metric with its tags. */
class Tagged<in In> {
  private readonly metric: Updated<In>

  constructor(metric: Updated<In>, own: Own) {
    this.metric = Metric.withAttributes(metric, Object.fromEntries(own))
  }

  update(value: In, labels: Labels): void {
    this.metric.updateUnsafe(value, labels)
  }

  modify(value: In, labels: Labels): void {
    this.metric.modifyUnsafe(value, labels)
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
