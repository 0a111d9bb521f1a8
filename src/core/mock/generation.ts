/** What differs between the generations of Ollama, as recorded. */
import type { Version } from "./script.js"

export interface Generation {
  readonly version: Version
  /** `done_reason` before `done`. */
  readonly doneReasonFirst: boolean
  /** Reasoning in a field of its own; else as raw tags in the text. */
  readonly thinks: boolean
  /** Native tool calls have an id, and always an index. */
  readonly callIds: boolean
  /** Text beside tool calls is lost. */
  readonly callsOnly: boolean
  /** A `/v1` delta never mixes reasoning with the rest. */
  readonly splitsDeltas: boolean
  /** The role once, the finish in an empty delta of its own. */
  readonly openAiShape: boolean
  /** A wrong method is 405, else 404. */
  readonly methodNotAllowed: boolean
  /** `/v1` errors are typed by their status. */
  readonly typedErrors: boolean
  readonly cloudAware: boolean
  /** It has `/v1/responses`, and vectors of `/v1/embeddings` as base64. */
  readonly responds: boolean
  readonly showCapabilities: boolean
  readonly tagsCapabilities: boolean
  /** `parent_model` in `show` is a path. */
  readonly showsParent: boolean
  /** Arrays of `model_info` are told without `verbose` too. */
  readonly showsArrays: boolean
  readonly psContext: boolean
  /** `show` adds `:latest` to the name of a missing model. */
  readonly showTagsMissing: boolean
  /** An answer of no pieces still has a duration. */
  readonly emptyDuration: boolean
  /** The accepted levels, as listed in the errors; in the older errors with single quotes. */
  readonly thinkLevels: string
  readonly effortError: (value: string) => string
}

const old: Generation = {
  version: "0.6.3",
  doneReasonFirst: true,
  thinks: false,
  callIds: false,
  callsOnly: true,
  splitsDeltas: false,
  openAiShape: false,
  methodNotAllowed: false,
  typedErrors: false,
  cloudAware: false,
  responds: false,
  showCapabilities: false,
  tagsCapabilities: false,
  showsParent: true,
  showsArrays: true,
  psContext: false,
  showTagsMissing: false,
  emptyDuration: true,
  thinkLevels: "",
  effortError: () => ""
}

const mixed: Generation = {
  ...old,
  version: "0.17.7",
  responds: true,
  doneReasonFirst: false,
  thinks: true,
  callIds: true,
  callsOnly: false,
  methodNotAllowed: true,
  showCapabilities: true,
  showsArrays: false,
  psContext: true,
  emptyDuration: false,
  thinkLevels: "\"high\", \"medium\", \"low\", true, or false",
  effortError: (value) => `invalid reasoning value: '${value}' (must be "high", "medium", "low", or "none")`
}

const common: Generation = {
  ...mixed,
  version: "0.24.0",
  splitsDeltas: true,
  typedErrors: true,
  cloudAware: true,
  thinkLevels: "\"high\", \"medium\", \"low\", \"max\", true, or false",
  effortError: (value) => `invalid reasoning value: '${value}' (must be "high", "medium", "low", "max", or "none")`
}

const newest: Generation = {
  ...common,
  version: "0.33.0",
  openAiShape: true,
  tagsCapabilities: true,
  showsParent: false,
  showTagsMissing: true,
  emptyDuration: true,
  effortError: (value) =>
    `invalid reasoning value: ${JSON.stringify(value)} (must be "minimal", "low", "medium", "high", "xhigh", "ultra",` +
    ` "max", or "none")`
}

export const generations: Readonly<Record<Version, Generation>> = {
  "0.6.3": old,
  "0.17.7": mixed,
  "0.24.0": common,
  "0.33.0": newest
}
