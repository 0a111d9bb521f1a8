/** What is counted of all calls, whoever looks: in Effect's registry, under the names of OpenTelemetry's conventions. */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"

// With its unit in the key: what `Metric.tagged` adds is put together again at each update.
const histogram = (name: string, unit: string, description: string, boundaries: ReadonlyArray<number>) =>
  Metric.fromMetricKey(
    MetricKey.taggedWithLabels(
      MetricKey.histogram(name, MetricBoundaries.fromIterable(boundaries), description),
      [MetricLabel.make("unit", unit)]
    )
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
