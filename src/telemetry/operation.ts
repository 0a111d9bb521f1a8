/**
 * A call as it is looked at: what is counted of all calls, and a span, only where somebody looks: one that Effect's own
 * tracer keeps for nobody costs about as much as decoding a small answer.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import type * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { ChatRequest, Ignored } from "../Chat.js"
import type { Selection } from "../core/catalog/selection.js"
import * as Attributes from "../core/telemetry/attributes.js"
import * as Content from "../core/telemetry/content.js"
import type { AssistantPart } from "../Message.js"
import * as Metrics from "./metrics.js"

// =============================================================================
// spans
// =============================================================================

/** Whether the host has installed a tracer for this fiber. */
export const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  Context.get(fiber.getFiberRef(DefaultServices.currentServices), Tracer.Tracer)
    !== Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** A span that is ended by hand, for what is no single effect. */
export interface OpenSpan {
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly annotate: (attributes: Attributes.Attributes) => void
  /** The same, asked for only where somebody looks. */
  readonly describe: (attributes: () => Attributes.Attributes) => void
  readonly end: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

export const untraced: OpenSpan = {
  within: (effect) => effect,
  annotate: () => {},
  describe: () => {},
  end: () => Effect.void
}

export const open = (name: string): Effect.Effect<OpenSpan> =>
  Effect.withFiberRuntime((fiber) =>
    isTraced(fiber)
      ? Effect.map(Effect.makeSpan(name, { captureStackTrace: false }), (span): OpenSpan => {
        const annotate = (attributes: Attributes.Attributes) => {
          for (const key of Object.keys(attributes)) span.attribute(key, attributes[key])
        }
        return {
          within: (effect) => Effect.withParentSpan(effect, span) as typeof effect, // only what the effect needed before
          annotate,
          describe: (attributes) => {
            if (span.sampled) annotate(attributes())
          },
          end: (exit) =>
            Effect.map(Clock.currentTimeNanos, (now) => {
              const type = failureType(exit)
              if (span.sampled && isError(type)) annotate({ "error.type": type })
              span.end(now, exit)
            })
        }
      })
      : Effect.succeed(untraced)
  )

/** An effect in a span of that name. */
export const use = <A, E, R>(
  name: string,
  effect: (span: OpenSpan) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) =>
    isTraced(fiber)
      ? Effect.acquireUseRelease(open(name), (span) => span.within(effect(span)), (span, exit) => span.end(exit))
      : effect(untraced)
  )

// =============================================================================
// what is counted
// =============================================================================

type Labels = ReadonlyArray<MetricLabel.MetricLabel>
/** Those of the operation and its model; Effect 4 has others for them. */
type Own = Labels

/** What of a metric is used here, of whatever kind it is. */
type Updated<In> = Pick<Metric.Metric<never, In, never>, "unsafeUpdate" | "unsafeModify">

/** A metric with its tags, and those of the fiber. An array of tags that was seen before is looked up fast, by itself. */
class Tagged<in In> {
  private seen: Labels = []
  private all: Labels

  constructor(private readonly metric: Updated<In>, private readonly own: Own) {
    this.all = own
  }

  update(value: In, labels: Labels): void {
    this.metric.unsafeUpdate(value, this.with(labels))
  }

  modify(value: In, labels: Labels): void {
    this.metric.unsafeModify(value, this.with(labels))
  }

  private with(labels: Labels): Labels {
    if (labels.length === 0) return this.own
    if (labels !== this.seen) {
      this.seen = labels
      this.all = Arr.union(this.own, labels)
    }
    return this.all
  }
}

/** The metrics of one operation at one model, looked up once. */
interface Metered {
  readonly duration: (errorType: string | undefined, seconds: number, labels: Labels) => void
  readonly first: (seconds: number, labels: Labels) => void
  readonly tokens: (type: "input" | "output", count: number, labels: Labels) => void
  readonly failed: (errorType: string, labels: Labels) => void
  readonly candidateFailed: (errorType: string, labels: Labels) => void
  readonly retried: (errorType: string, labels: Labels) => void
  readonly open: (change: 1 | -1, labels: Labels) => void
}

const metered = (own: Own): Metered => {
  const tagged = <In>(metric: Updated<In>, key: string) => {
    const made = new Map<string, Tagged<In>>()
    return (value: string): Tagged<In> => {
      let found = made.get(value)
      if (found === undefined) {
        made.set(value, found = new Tagged(metric, value === "" ? own : [...own, MetricLabel.make(key, value)]))
      }
      return found
    }
  }
  const byError = <In>(metric: Updated<In>) => tagged(metric, "error.type")
  const duration = byError(Metrics.operationDuration)
  const failed = byError(Metrics.failures)
  const candidateFailed = byError(Metrics.candidateFailures)
  const retried = byError(Metrics.retries)
  const tokens = tagged(Metrics.tokenUsage, "gen_ai.token.type")
  const first = new Tagged(Metrics.timeToFirstEvent, own)
  const open = new Tagged(Metrics.openRequests, own)
  return {
    duration: (errorType, seconds, labels) => duration(errorType ?? "").update(seconds, labels),
    first: (seconds, labels) => first.update(seconds, labels),
    tokens: (type, count, labels) => tokens(type).update(count, labels),
    failed: (errorType, labels) => failed(errorType).update(1, labels),
    candidateFailed: (errorType, labels) => candidateFailed(errorType).update(1, labels),
    retried: (errorType, labels) => retried(errorType).update(1, labels),
    open: (change, labels) => open.modify(change, labels)
  }
}

// As many as a service may have models; past that they are looked up anew.
const most = 1000

/** Those of an operation, by the model that is asked (`undefined`: none yet), remembered. */
const makeMeter = (operation: string): (ref?: string) => Metered => {
  const byRef = new Map<string, Metered>()
  return (ref = "") => {
    const found = byRef.get(ref)
    if (found !== undefined) return found
    if (byRef.size >= most) byRef.clear()
    const slash = ref.indexOf("/")
    const made = metered([
      MetricLabel.make("gen_ai.operation.name", operation),
      ...(slash < 0
        ? []
        : [
          MetricLabel.make("gen_ai.provider.name", ref.slice(0, slash)),
          MetricLabel.make("gen_ai.request.model", ref.slice(slash + 1))
        ])
    ])
    byRef.set(ref, made)
    return made
  }
}

// =============================================================================
// calls
// =============================================================================

/**
 * Whether the spans of completions also hold what is said: the messages, the tools and the answers, as
 * `gen_ai.input.messages`, `gen_ai.tool.definitions` and `gen_ai.output.messages`. Default: `false`. Keys and secret headers
 * of the configuration are taken out of them; whatever else a user writes is not. It counts where a call is made.
 *
 * @since 0.1.0
 * @category references
 * @example
 * import { Effect } from "effect"
 * import { ChatCompletions, OllamaTelemetry } from "effect-ollama"
 *
 * export const recorded = ChatCompletions.create({ prompt: "Why is the sky blue?" }).pipe(
 *   Effect.provideService(OllamaTelemetry.RecordContent, true)
 * )
 */
export class RecordContent extends Context.Reference<RecordContent>()("effect-ollama/OllamaTelemetry/RecordContent", {
  defaultValue: (): boolean => false
}) {}

type Meter = (ref?: string) => Metered

const failureType = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (exit._tag === "Success") return undefined
  if (Cause.isInterruptedOnly(exit.cause)) return Attributes.interrupted
  const failure = Cause.failureOption(exit.cause)
  return Option.isSome(failure) ? Attributes.errorType(failure.value) : "_OTHER"
}

const isError = (type: string | undefined): type is string => type !== undefined && type !== Attributes.interrupted

/** One call, from its beginning to its end, whatever models it asks. */
export class Operation {
  private readonly clock: Clock.Clock
  private readonly labels: ReadonlyArray<MetricLabel.MetricLabel>
  private readonly start: bigint
  /** Only when somebody wants to know. */
  private readonly sampled: Tracer.Span | undefined
  private readonly isRecorded: boolean
  private ref: string | undefined
  private isOpen = false
  /** What the last model is asked for. */
  private settings: ((ignored: ReadonlyArray<Ignored>) => Attributes.Attributes) | undefined
  private ignored: ReadonlyArray<Ignored> = []
  private secrets: Array<string> | undefined

  constructor(
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    private readonly operation: Operations,
    readonly span: Tracer.Span | undefined
  ) {
    this.clock = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)
    this.labels = fiber.getFiberRef(FiberRef.currentMetricLabels)
    this.start = this.clock.unsafeCurrentTimeNanos()
    this.sampled = span?.sampled === true ? span : undefined
    this.isRecorded = this.sampled !== undefined
      && Context.get(fiber.getFiberRef(FiberRef.currentContext) as Context.Context<never>, RecordContent)
    this.annotate({ "gen_ai.operation.name": operation.name })
  }

  /** What is known of the call before a model is chosen. */
  annotate(attributes: Attributes.Attributes): void {
    if (this.sampled === undefined) return
    for (const name of Object.keys(attributes)) this.sampled.attribute(name, attributes[name])
  }

  /** The same, when it takes some work to know it. */
  describe(attributes: () => Attributes.Attributes): void {
    if (this.sampled !== undefined) this.annotate(attributes())
  }

  /** A model is asked. */
  asks(ref: string): void {
    this.leaves()
    this.ref = ref
    this.isOpen = true
    this.meter.open(1, this.labels)
  }

  /** The model that is asked is asked for this. */
  requests(selection: Selection, request: ChatRequest, secrets: () => ReadonlyArray<string>): void {
    this.asks(selection.ref)
    if (this.sampled === undefined) return
    this.annotate(Attributes.ofRef(selection.ref))
    // Another one may answer, with other settings: an attribute cannot be taken back.
    this.settings = (ignored) => Attributes.ofRequest(selection, request, ignored)
    this.ignored = []
    if (!this.isRecorded) return
    this.secrets ??= [...this.operation.secrets()]
    this.secrets.push(...secrets())
    this.annotate(Content.ofRequest(request, this.secrets))
  }

  /** What the request to it cannot say. */
  ignores(ignored: ReadonlyArray<Ignored>): void {
    this.ignored = ignored
  }

  /** The same model is asked again, after that error. */
  retries(ref: string, error: unknown, attempt: number): void {
    const type = Attributes.errorType(error)
    this.meter.retried(type, this.labels)
    this.event("effect_ollama.retry", {
      ...Attributes.ofRef(ref),
      "error.type": type,
      "effect_ollama.attempt": attempt
    })
  }

  /** A model does not answer; another one may. */
  misses(ref: string, error: unknown): void {
    const type = Attributes.errorType(error)
    // A ref that a caller made up is no tag.
    this.operation.meter(this.isOpen ? this.ref : undefined).candidateFailed(type, this.labels)
    this.leaves()
    if (this.sampled === undefined) return
    if (this.ref === undefined) this.annotate(Attributes.ofRef(ref))
    this.event("effect_ollama.candidate.failed", { ...Attributes.ofRef(ref), "error.type": type })
  }

  /** The first event of a stream is there. */
  begins(): void {
    this.meter.first(this.seconds, this.labels)
  }

  /** All vectors are there. */
  embedded({ model, tokens }: { readonly model: string | undefined; readonly tokens: number | undefined }): void {
    if (tokens !== undefined) this.meter.tokens("input", tokens, this.labels)
    if (model !== undefined) this.annotate({ "gen_ai.response.model": model })
    if (tokens !== undefined) this.annotate({ "gen_ai.usage.input_tokens": tokens })
  }

  /** The answer is whole. */
  answers(about: Attributes.Answer, parts: () => ReadonlyArray<AssistantPart>): void {
    const { inputTokens, outputTokens } = about.usage ?? {}
    if (inputTokens !== undefined) this.meter.tokens("input", inputTokens, this.labels)
    if (outputTokens !== undefined) this.meter.tokens("output", outputTokens, this.labels)
    if (this.sampled === undefined) return
    this.tellSettings()
    this.annotate(Attributes.ofAnswer(about))
    if (this.isRecorded) this.annotate(Content.ofAnswer(parts(), about.finishReason, this.secrets ?? []))
  }

  end(exit: Exit.Exit<unknown, unknown>): void {
    this.leaves()
    this.tellSettings()
    const type = failureType(exit)
    this.meter.duration(type, this.seconds, this.labels)
    if (isError(type)) {
      this.meter.failed(type, this.labels)
      this.annotate({ "error.type": type })
    }
    this.span?.end(this.clock.unsafeCurrentTimeNanos(), exit)
  }

  private tellSettings(): void {
    if (this.settings !== undefined) this.annotate(this.settings(this.ignored))
    this.settings = undefined
  }

  private event(name: string, attributes: Attributes.Attributes): void {
    this.sampled?.event(name, this.clock.unsafeCurrentTimeNanos(), attributes as Record<string, unknown>)
  }

  private leaves(): void {
    if (this.isOpen) this.meter.open(-1, this.labels)
    this.isOpen = false
  }

  private get meter(): Metered {
    return this.operation.meter(this.ref)
  }

  private get seconds(): number {
    return Number(this.clock.unsafeCurrentTimeNanos() - this.start) / 1e9
  }
}

/** The calls of a service. */
export interface Operations {
  readonly name: Attributes.OperationName
  readonly meter: Meter
  /** What is taken out of what is recorded. */
  readonly secrets: () => ReadonlyArray<string>
}

export const make = (name: Attributes.OperationName, secrets: () => ReadonlyArray<string> = () => []): Operations => ({
  name,
  meter: makeMeter(name),
  secrets
})

/** Begins a call, whose `end` is called whatever becomes of it. */
export const begin = (operations: Operations, span: string): Effect.Effect<Operation> =>
  Effect.withFiberRuntime((fiber) =>
    isTraced(fiber)
      ? Effect.map(
        Effect.makeSpan(span, { captureStackTrace: false, kind: "client" }),
        (made) => new Operation(fiber, operations, made)
      )
      : Effect.succeed(new Operation(fiber, operations, undefined))
  )

/** An effect that belongs to a call. */
export const within = <A, E, R>({ span }: Operation, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  span === undefined ? effect : Effect.withParentSpan(effect, span) as typeof effect // only what the effect needed before

/** A call that is one effect. */
export const run = <A, E, R>(
  operations: Operations,
  span: string,
  effect: (operation: Operation) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) => {
    const end = (operation: Operation, exit: Exit.Exit<A, E>) => Effect.sync(() => operation.end(exit))
    if (isTraced(fiber)) {
      return Effect.acquireUseRelease(begin(operations, span), (call) => within(call, effect(call)), end)
    }
    const operation = new Operation(fiber, operations, undefined)
    return Effect.onExit(effect(operation), (exit) => end(operation, exit))
  })
