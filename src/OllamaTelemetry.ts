/**
 * What can be seen of calls: the metrics of all of them, in Effect's registry, and what their spans hold. The names are those
 * of OpenTelemetry's conventions for GenAI.
 *
 * @since 0.1.0
 */
export {
  candidateFailures,
  failures,
  openRequests,
  operationDuration,
  RecordContent,
  retries,
  timeToFirstEvent,
  tokenUsage
} from "./telemetry/telemetry.js"
