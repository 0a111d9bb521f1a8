/** The door of this room: calls as they are looked at, other spans, and the metrics that anybody may read. */
export {
  candidateFailures,
  failures,
  openRequests,
  operationDuration,
  retries,
  timeToFirstEvent,
  tokenUsage
} from "./metrics.js"
export { begin, make, type Operation, RecordContent, run, within } from "./operation.js"
export { isTraced, use } from "./span.js"
