/** What is counted of all calls, whoever looks: in Effect's registry, under the names of OpenTelemetry's conventions. */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import type * as MetricLabel from "effect/MetricLabel"

const histogram = (name: string, unit: string, description: string, boundaries: ReadonlyArray<number>) =>
  Metric.tagged(
    Metric.histogram(name, MetricBoundaries.fromIterable(boundaries), description),
    "unit",
    unit
  )

const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const counts = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]

/**
 * How long calls take, in seconds, with all their retries and fallbacks: `gen_ai.client.operation.duration`. Tags:
 * `gen_ai.operation.name` (`chat`, `embeddings`), `gen_ai.provider.name`, `gen_ai.request.model`, and `error.type` of those
 * that failed (`interrupted` for those that nobody waited for).
 *
 * @since 0.1.0
 * @category metrics
 */
export const operationDuration = /* @__PURE__ */ histogram(
  "gen_ai.client.operation.duration",
  "s",
  "How long a call takes, with its retries and fallbacks",
  seconds
)

/**
 * How long it takes until the first event of a stream is there, in seconds: `gen_ai.client.operation.time_to_first_chunk`.
 * Tags: operation, provider, model.
 *
 * @since 0.1.0
 * @category metrics
 */
export const timeToFirstEvent = /* @__PURE__ */ histogram(
  "gen_ai.client.operation.time_to_first_chunk",
  "s",
  "How long it takes until the first event of a stream is there",
  seconds
)

/**
 * The tokens of calls, as their servers count them: `gen_ai.client.token.usage`. Tags: operation, provider, model, and
 * `gen_ai.token.type` (`input`, `output`).
 *
 * @since 0.1.0
 * @category metrics
 */
export const tokenUsage = /* @__PURE__ */ histogram(
  "gen_ai.client.token.usage",
  "{token}",
  "The tokens of a call",
  counts
)

/**
 * Calls that failed: `effect_ollama.client.failures`. Tags: operation, `error.type` (the tag of the error), and provider and
 * model where one was asked.
 *
 * @since 0.1.0
 * @category metrics
 */
export const failures: Metric.Metric.Counter<number> = /* @__PURE__ */ Metric.counter("effect_ollama.client.failures", {
  description: "Calls that failed",
  incremental: true
})

/**
 * Models that were asked and did not answer, whether or not another one did: `effect_ollama.client.candidate.failures`.
 * Tags: operation, `error.type`, and provider and model where one was asked.
 *
 * @since 0.1.0
 * @category metrics
 */
export const candidateFailures: Metric.Metric.Counter<number> = /* @__PURE__ */ Metric.counter(
  "effect_ollama.client.candidate.failures",
  { description: "Models that were asked and did not answer", incremental: true }
)

/**
 * Requests that were repeated: `effect_ollama.client.retries`. Tags: operation, `error.type`, provider, model.
 *
 * @since 0.1.0
 * @category metrics
 */
export const retries: Metric.Metric.Counter<number> = /* @__PURE__ */ Metric.counter("effect_ollama.client.retries", {
  description: "Requests that were repeated",
  incremental: true
})

/**
 * Calls that a model is at work on now, or whose stream is open: `effect_ollama.client.requests.open`. Tags: operation,
 * provider, model.
 *
 * @since 0.1.0
 * @category metrics
 */
export const openRequests: Metric.Metric.Gauge<number> = /* @__PURE__ */ Metric.gauge(
  "effect_ollama.client.requests.open",
  { description: "Calls that a model is at work on now" }
)

type Tagged<M> = (...tags: ReadonlyArray<readonly [string, string]>) => M

const tagging =
  <In, Out, Type>(metric: Metric.Metric<Type, In, Out>): Tagged<Metric.Metric<Type, In, Out>> => (...tags) =>
    tags.reduce((tagged, [key, value]) => Metric.tagged(tagged, key, value), metric)

type Labels = ReadonlyArray<MetricLabel.MetricLabel>

/** The metrics of one operation at one model, looked up once. */
export interface Metered {
  readonly duration: (errorType: string | undefined, seconds: number, labels: Labels) => void
  readonly first: (seconds: number, labels: Labels) => void
  readonly tokens: (type: "input" | "output", count: number, labels: Labels) => void
  readonly failed: (errorType: string, labels: Labels) => void
  readonly candidateFailed: (errorType: string, labels: Labels) => void
  readonly retried: (errorType: string, labels: Labels) => void
  readonly open: (change: 1 | -1, labels: Labels) => void
}

const metered = (tags: ReadonlyArray<readonly [string, string]>): Metered => {
  const memo = <A>(make: (key: string) => A) => {
    const made = new Map<string, A>()
    return (key: string): A => {
      const found = made.get(key) ?? make(key)
      made.set(key, found)
      return found
    }
  }
  const byError = <In, Out, Type>(metric: Metric.Metric<Type, In, Out>) =>
    memo((errorType) => tagging(metric)(...tags, ...(errorType === "" ? [] : [["error.type", errorType] as const])))
  const duration = byError(operationDuration)
  const failed = byError(failures)
  const candidateFailed = byError(candidateFailures)
  const retried = byError(retries)
  const tokens = memo((type) => tagging(tokenUsage)(...tags, ["gen_ai.token.type", type]))
  const first = memo(() => tagging(timeToFirstEvent)(...tags))
  const open = memo(() => tagging(openRequests)(...tags))
  return {
    duration: (errorType, seconds, labels) => duration(errorType ?? "").unsafeUpdate(seconds, labels),
    first: (seconds, labels) => first("").unsafeUpdate(seconds, labels),
    tokens: (type, count, labels) => tokens(type).unsafeUpdate(count, labels),
    failed: (errorType, labels) => failed(errorType).unsafeUpdate(1, labels),
    candidateFailed: (errorType, labels) => candidateFailed(errorType).unsafeUpdate(1, labels),
    retried: (errorType, labels) => retried(errorType).unsafeUpdate(1, labels),
    open: (change, labels) => open("").unsafeModify(change, labels)
  }
}

// As many as a service may have models; past that they are looked up anew.
const most = 1000

/** Those of an operation, by the model that is asked (`undefined`: none yet), remembered. */
export const makeMeter = (operation: string): (ref?: string) => Metered => {
  const byRef = new Map<string, Metered>()
  return (ref = "") => {
    const found = byRef.get(ref)
    if (found !== undefined) return found
    if (byRef.size >= most) byRef.clear()
    const slash = ref.indexOf("/")
    const made = metered([
      ["gen_ai.operation.name", operation],
      ...(slash < 0
        ? []
        : [["gen_ai.provider.name", ref.slice(0, slash)], ["gen_ai.request.model", ref.slice(slash + 1)]] as const)
    ])
    byRef.set(ref, made)
    return made
  }
}
