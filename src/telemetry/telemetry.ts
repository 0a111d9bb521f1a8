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
export { begin, isTraced, make, Operation, RecordContent, run, use, within } from "./operation.js"
