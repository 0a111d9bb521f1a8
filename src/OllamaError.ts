/**
 * Every way in which an operation can fail: tagged, `Schema`-encodable, with the fields that a program needs and a
 * `hint` that a person can act on. No error holds a key, a header or an HTTP client's error object.
 *
 * @since 0.1.0
 */
import type { YieldableError } from "effect/Cause"
import * as Schema from "effect/Schema"
import { publicSentences } from "./core/failure/publicSentences.js"
import * as refusal from "./core/failure/refusalSentences.js"
import * as hint from "./core/failure/sentences.js"
import { AssistantPart, Message, PartialAnswer } from "./Message.js"

// =============================================================================
// what errors are made of
// =============================================================================

/**
 * What an error was caused by, as plain data.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorCause = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  code: Schema.optional(Schema.String),
  address: Schema.optional(Schema.String),
  port: Schema.optional(Schema.Finite)
})

/**
 * What an error was caused by, as plain data.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorCause extends Schema.Schema.Type<typeof ErrorCause> {}

/**
 * One problem of a configuration: where it is, what was expected there and what was found.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConfigProblem = Schema.Struct({
  path: Schema.String,
  expected: Schema.String,
  actual: Schema.String,
  file: Schema.optional(Schema.String),
  line: Schema.optional(Schema.Finite),
  column: Schema.optional(Schema.Finite)
})

/**
 * One problem of a configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigProblem extends Schema.Schema.Type<typeof ConfigProblem> {}

type Reason = keyof typeof hint.reasons

/**
 * A model that a provider has and that is not in its catalog.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExcludedModel = Schema.Struct({
  name: Schema.String,
  reason: Schema.Literal(...(Object.keys(hint.reasons) as [Reason, ...ReadonlyArray<Reason>])),
  detail: Schema.optional(Schema.String)
})

/**
 * A model that is not in the catalog, with the reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExcludedModel extends Schema.Schema.Type<typeof ExcludedModel> {}

/**
 * Whom or what an error is about: the caller's request, the configuration (the base URL and the key too), the way to the
 * server, the model that was chosen, the server itself, or the answer that it gave.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Category = Schema.Literal("caller", "config", "connection", "model", "server", "answer")

/**
 * Whom or what an error is about.
 *
 * @since 0.1.0
 * @category models
 */
export type Category = typeof Category.Type

// One class per tag: an encodable error whose message is its hint. `retries` says whether the same call may succeed later
// with nothing changed.
const Hinted = <Self>() =>
<const Tag extends string, Fields extends Schema.Struct.Fields, C extends Category>(
  tag: Tag,
  category: C | ((error: Schema.Struct.Type<Fields>) => C),
  fields: Fields,
  hintOf: (error: Schema.Struct.Type<Fields>) => string,
  retries: boolean | ((error: Schema.Struct.Type<Fields>) => boolean) = false
): HintedClass<Self, Tag, Fields, C> => {
  const Tagged = Schema.TaggedError<YieldableError>(`effect-ollama/${tag}`)(tag, fields)
  class Base extends (Tagged as unknown as new(props: never) => YieldableError) {
    get hint(): string {
      return hintOf(this as unknown as Schema.Struct.Type<Fields>)
    }
    override get message(): string {
      return this.hint
    }
    get category(): C {
      return typeof category === "function" ? category(this as unknown as Schema.Struct.Type<Fields>) : category
    }
    get isRetryable(): boolean {
      return typeof retries === "function" ? retries(this as unknown as Schema.Struct.Type<Fields>) : retries
    }
  }
  return Base as unknown as HintedClass<Self, Tag, Fields, C>
}

interface HintedClass<Self, Tag extends string, Fields extends Schema.Struct.Fields, C extends Category>
  extends
    Schema.Class<
      Self,
      Fields & { readonly _tag: Schema.tag<Tag> },
      Schema.Struct.Encoded<Fields & { readonly _tag: Schema.tag<Tag> }>,
      Schema.Struct.Context<Fields>,
      Schema.Struct.Constructor<Fields>,
      { readonly _tag: Tag; readonly hint: string; readonly category: C; readonly isRetryable: boolean },
      YieldableError
    >
{}

const partial = Schema.optional(PartialAnswer)
const cause = Schema.optional(ErrorCause)
const answered = { url: Schema.String, status: Schema.Finite, detail: Schema.String, partial }

// =============================================================================
// configuration
// =============================================================================

/**
 * A named configuration file is missing, or a file cannot be read, or it is not a regular file.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigUnreadable extends Hinted<ConfigUnreadable>()("ConfigUnreadable", "config", {
  path: Schema.String,
  reason: Schema.Literal("not-found", "not-a-file", "permission", "other"),
  cause
}, hint.configUnreadable) {}

/**
 * A configuration file is not JSON5. The content of every string literal in `excerpt` is masked.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigSyntaxError extends Hinted<ConfigSyntaxError>()("ConfigSyntaxError", "config", {
  path: Schema.String,
  line: Schema.Finite,
  column: Schema.Finite,
  detail: Schema.String,
  excerpt: Schema.String
}, hint.configSyntaxError) {}

/**
 * A configuration does not have the shape that it must have: all problems at once, each with its path.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigInvalid extends Hinted<ConfigInvalid>()("ConfigInvalid", "config", {
  problems: Schema.Array(ConfigProblem)
}, hint.configInvalid) {}

/**
 * An `$include` cannot be followed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigIncludeError extends Hinted<ConfigIncludeError>()("ConfigIncludeError", "config", {
  path: Schema.String,
  reason: Schema.Literal("unreadable", "cycle", "too-deep", "too-many", "too-large", "outside", "invalid"),
  /** The files from the configuration to the one that failed. */
  files: Schema.Array(Schema.String),
  detail: Schema.optional(Schema.String),
  /** Where the `$include` stands. */
  file: Schema.optional(Schema.String),
  line: Schema.optional(Schema.Finite),
  column: Schema.optional(Schema.Finite)
}, hint.configIncludeError) {}

/**
 * A `${VAR}` or `{ source: "env" }` of the configuration names a variable that is unset or empty.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingEnvironmentVariable
  extends Hinted<MissingEnvironmentVariable>()("MissingEnvironmentVariable", "config", {
    variable: Schema.String,
    path: Schema.String
  }, hint.missingEnvironmentVariable)
{}

/**
 * A configuration file cannot be written, or a value in it must not be: `included` is one that comes from another file.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigUnwritable extends Hinted<ConfigUnwritable>()("ConfigUnwritable", "config", {
  /** The file. */
  path: Schema.String,
  reason: Schema.Literal("included", "locked", "permission", "no-home", "other"),
  /** The file that has the value (`included`), or the lock of another writer (`locked`). */
  file: Schema.optional(Schema.String),
  cause
}, hint.configUnwritable) {}

// =============================================================================
// providers and models
// =============================================================================

/**
 * Nothing enables the provider: no key in environment, profile or configuration, and no host option.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotEnabled extends Hinted<NotEnabled>()("NotEnabled", "config", {
  provider: Schema.String
}, hint.notEnabled) {}

/**
 * The provider is configured in a way in which it cannot be used.
 *
 * @since 0.1.0
 * @category errors
 */
export class ProviderUnavailable extends Hinted<ProviderUnavailable>()("ProviderUnavailable", "config", {
  provider: Schema.String,
  reason: Schema.Literal(
    "no-credential",
    "unsupported-api",
    "no-base-url",
    "unknown-provider",
    "unsupported-transport"
  ),
  detail: Schema.optional(Schema.String)
}, hint.providerUnavailable) {}

/**
 * An explicit provider lists no models, and nothing is discovered for it.
 *
 * @since 0.1.0
 * @category errors
 */
export class NoModelsConfigured extends Hinted<NoModelsConfigured>()(
  "NoModelsConfigured",
  "config",
  {
    provider: Schema.String,
    url: Schema.String,
    /** Those that it lists and that were left out. */
    excluded: Schema.optional(Schema.Array(ExcludedModel))
  },
  hint.noModelsConfigured
) {}

/**
 * The server answered, and none of its models can be used: every one with the reason why it was left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class NoToolModels extends Hinted<NoToolModels>()(
  "NoToolModels",
  "model",
  {
    provider: Schema.String,
    url: Schema.String,
    models: Schema.Array(ExcludedModel)
  },
  hint.noToolModels,
  ({ models }) => hint.areUnread(models)
) {}

/**
 * No provider has the model, or more than one has a name that was written without its provider.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnknownModel extends Hinted<UnknownModel>()(
  "UnknownModel",
  "model",
  {
    ref: Schema.String,
    /** The refs that exist. */
    known: Schema.Array(Schema.String),
    /** Set when the model was seen and left out of the catalog. */
    leftOut: Schema.optional(ExcludedModel),
    /** The ref that was probably meant. */
    suggestion: Schema.optional(Schema.String),
    /** The refs of a name that more than one provider has: one of them is to be written. */
    several: Schema.optional(Schema.Array(Schema.String)),
    /** Whether its provider's models are discovered, so that pulling it helps, or are those that the configuration lists. */
    discovered: Schema.optional(Schema.Boolean),
    /** The providers that did not answer: one of them may have it. */
    unanswered: Schema.optional(Schema.Array(Schema.String))
  },
  hint.unknownModel,
  ({ leftOut, unanswered }) => unanswered !== undefined || (leftOut !== undefined && hint.areUnread([leftOut]))
) {}

/**
 * A model ref does not have the form `provider/model`.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidModelRef extends Hinted<InvalidModelRef>()("InvalidModelRef", "caller", {
  ref: Schema.String,
  reason: Schema.Literal("no-provider", "empty-provider", "empty-model", "no-text")
}, hint.invalidModelRef) {}

// =============================================================================
// the connection
// =============================================================================

/**
 * Nothing listens at the address.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionRefused extends Hinted<ConnectionRefused>()(
  "ConnectionRefused",
  "connection",
  {
    url: Schema.String,
    address: Schema.optional(Schema.String),
    port: Schema.optional(Schema.Finite),
    /** How often it was tried. */
    attempts: Schema.Finite,
    cause
  },
  hint.connectionRefused,
  true
) {}

/**
 * The connection could not be made, or it broke.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionFailed extends Hinted<ConnectionFailed>()(
  "ConnectionFailed",
  "connection",
  {
    url: Schema.String,
    reason: Schema.Literal("dns", "reset", "unreachable", "tls", "protocol", "other"),
    attempts: Schema.Finite,
    partial,
    cause
  },
  hint.connectionFailed,
  ({ cause, reason }) => reason === "dns" ? cause?.code === "EAI_AGAIN" : reason !== "tls" && reason !== "protocol"
) {}

/**
 * The server took longer than a limit allows.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimeout extends Hinted<RequestTimeout>()(
  "RequestTimeout",
  "connection",
  {
    url: Schema.String,
    phase: Schema.Literal("connect", "first-byte", "idle"),
    /** The limit in ms; absent when the limit is the transport's own and not known. */
    limit: Schema.optional(Schema.Finite),
    attempts: Schema.Finite,
    partial,
    cause
  },
  hint.requestTimeout,
  true
) {}

// =============================================================================
// what servers answer
// =============================================================================

/**
 * The server does not know the path or the method, or redirects: the base URL is wrong.
 *
 * @since 0.1.0
 * @category errors
 */
export class EndpointNotFound extends Hinted<EndpointNotFound>()(
  "EndpointNotFound",
  "config",
  { ...answered, location: Schema.optional(Schema.String) },
  refusal.endpointNotFound
) {}

/**
 * The server does not have the model.
 *
 * @since 0.1.0
 * @category errors
 */
export class ModelNotFound extends Hinted<ModelNotFound>()("ModelNotFound", "model", {
  ...answered,
  model: Schema.optional(Schema.String)
}, refusal.modelNotFound) {}

/**
 * The server wants a (different) key, or a sign-in (at `signinUrl`).
 *
 * @since 0.1.0
 * @category errors
 */
export class Unauthorized extends Hinted<Unauthorized>()("Unauthorized", "config", {
  ...answered,
  signinUrl: Schema.optional(Schema.String)
}, refusal.unauthorized) {}

/**
 * The server refuses: its cloud is switched off, or it does not allow this Host or Origin.
 *
 * @since 0.1.0
 * @category errors
 */
export class Forbidden extends Hinted<Forbidden>()("Forbidden", "server", {
  ...answered,
  reason: Schema.Literal("cloud-disabled", "host-or-origin", "other")
}, refusal.forbidden) {}

/**
 * Too many requests, or a used-up quota (`reason`).
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends Hinted<RateLimited>()(
  "RateLimited",
  "server",
  {
    ...answered,
    reason: Schema.Literal("rate", "quota"),
    /** What the server asks to wait, in ms. */
    retryAfter: Schema.optional(Schema.Finite)
  },
  refusal.rateLimited,
  (error) => error.reason === "rate" && error.status !== 413
) {}

/**
 * The server's queue is full.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerBusy extends Hinted<ServerBusy>()(
  "ServerBusy",
  "server",
  {
    ...answered,
    /** What the server asks to wait, in ms. */
    retryAfter: Schema.optional(Schema.Finite)
  },
  refusal.serverBusy,
  true
) {}

/**
 * The prompt is longer than the model's context.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContextOverflow extends Hinted<ContextOverflow>()("ContextOverflow", "model", {
  ...answered,
  /** Tokens of the prompt. */
  promptTokens: Schema.optional(Schema.Finite),
  /** Tokens of the context. */
  contextSize: Schema.optional(Schema.Finite)
}, refusal.contextOverflow) {}

/**
 * The request is wrong, whatever the model: said by the server, or seen before sending (then without `status`).
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends Hinted<InvalidRequest>()("InvalidRequest", "caller", {
  detail: Schema.String,
  /** Where in the request, e.g. `tools[0].parameters`, when it was seen before sending. */
  path: Schema.optional(Schema.String),
  url: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Finite),
  partial
}, refusal.invalidRequest) {}

/**
 * The server failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Hinted<ServerError>()(
  "ServerError",
  "server",
  answered,
  refusal.serverError,
  (error) => !refusal.isLasting(error.detail)
) {}

/**
 * The server, or this model of it, does not take the request, for a reason that is none of the others: another model may
 * answer it, the same one will not.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestRejected extends Hinted<RequestRejected>()("RequestRejected", "server", {
  ...answered,
  /** The server's own code, when it gave one. */
  code: Schema.optional(Schema.String)
}, refusal.requestRejected) {}

const capability = {
  model: Schema.optional(Schema.String),
  /** Absent when it was seen before sending. */
  url: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Finite),
  detail: Schema.optional(Schema.String),
  partial
}

/**
 * The model has no tools.
 *
 * @since 0.1.0
 * @category errors
 */
export class ToolsNotSupported
  extends Hinted<ToolsNotSupported>()("ToolsNotSupported", "model", capability, refusal.toolsNotSupported)
{}

/**
 * The model cannot think.
 *
 * @since 0.1.0
 * @category errors
 */
export class ThinkingNotSupported
  extends Hinted<ThinkingNotSupported>()("ThinkingNotSupported", "model", capability, refusal.thinkingNotSupported)
{}

/**
 * The model cannot see pictures.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImagesNotSupported
  extends Hinted<ImagesNotSupported>()("ImagesNotSupported", "model", capability, refusal.imagesNotSupported)
{}

// =============================================================================
// the answer
// =============================================================================

/**
 * The answer is not what the API promises: no JSON, another shape, invalid UTF-8, or larger than a bound.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedResponse extends Hinted<MalformedResponse>()(
  "MalformedResponse",
  "answer",
  { url: Schema.String, detail: Schema.String, partial },
  hint.malformedResponse
) {}

/**
 * The arguments of a tool call are not a JSON object.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedToolCall extends Hinted<MalformedToolCall>()(
  "MalformedToolCall",
  "answer",
  {
    url: Schema.String,
    id: Schema.String,
    name: Schema.String,
    /** The arguments as they came. */
    raw: Schema.String,
    partial
  },
  hint.malformedToolCall,
  true
) {}

/**
 * The answer ended without being finished.
 *
 * @since 0.1.0
 * @category errors
 */
export class IncompleteResponse extends Hinted<IncompleteResponse>()(
  "IncompleteResponse",
  "answer",
  {
    url: Schema.String,
    /**
     * `not-done`: the server said so; `ended`: it just ended; `connection`: the connection broke; `failed`: the server
     * gave it up, in the word that `finish` has.
     */
    reason: Schema.Literal("not-done", "ended", "connection", "failed"),
    finish: Schema.optional(Schema.String),
    partial,
    cause
  },
  hint.incompleteResponse,
  true
) {}

/**
 * The text of the answer does not decode with the output schema.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutputInvalid extends Hinted<OutputInvalid>()(
  "OutputInvalid",
  "answer",
  {
    ref: Schema.String,
    text: Schema.String,
    /** Why the model stopped: an answer that was cut says `length`. */
    finishReason: Schema.optional(Schema.String),
    detail: Schema.String
  },
  hint.outputInvalid,
  true
) {}

/**
 * An answer of a tool loop, as it is told by its error; what is there is a `ChatResponse`.
 *
 * @since 0.1.0
 * @category models
 */
export const Turn = Schema.Struct({
  parts: Schema.Array(AssistantPart),
  finishReason: Schema.String,
  ref: Schema.String,
  model: Schema.optional(Schema.String),
  usage: Schema.optional(Schema.Struct({
    inputTokens: Schema.optional(Schema.Finite),
    outputTokens: Schema.optional(Schema.Finite),
    totalTokens: Schema.optional(Schema.Finite),
    cost: Schema.optional(Schema.Finite)
  }))
})

/**
 * The type of `Turn`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turn extends Schema.Schema.Type<typeof Turn> {}

/**
 * The model still called tools when the tool loop reached its maximum of turns. `history` is the conversation so far,
 * ready to be continued, `responses` are all answers.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManyTurns extends Hinted<TooManyTurns>()("TooManyTurns", "answer", {
  turns: Schema.Finite,
  history: Schema.Array(Message),
  responses: Schema.Array(Turn).pipe(
    Schema.optionalWith({ default: () => [] }),
    Schema.withConstructorDefault((): ReadonlyArray<Turn> => [])
  )
}, hint.tooManyTurns) {}

// =============================================================================
// unions
// =============================================================================

/**
 * A configuration that cannot be loaded.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConfigurationError = Schema.Union(
  ConfigUnreadable,
  ConfigSyntaxError,
  ConfigInvalid,
  ConfigIncludeError
)

/**
 * A configuration that cannot be loaded.
 *
 * @since 0.1.0
 * @category errors
 */
export type ConfigurationError = typeof ConfigurationError.Type

/**
 * Why a provider cannot be used, known without asking it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProviderError = Schema.Union(
  NotEnabled,
  ProviderUnavailable,
  NoModelsConfigured,
  MissingEnvironmentVariable,
  ConfigInvalid
)

/**
 * Why a provider cannot be used, known without asking it.
 *
 * @since 0.1.0
 * @category errors
 */
export type ProviderError = typeof ProviderError.Type

/**
 * No answer: the connection was refused, failed, or took too long.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TransportError = Schema.Union(ConnectionRefused, ConnectionFailed, RequestTimeout)

/**
 * No answer: the connection was refused, failed, or took too long.
 *
 * @since 0.1.0
 * @category errors
 */
export type TransportError = typeof TransportError.Type

/**
 * What the answer of any endpoint can say.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EndpointError = Schema.Union(
  EndpointNotFound,
  Unauthorized,
  Forbidden,
  RateLimited,
  ServerBusy,
  RequestRejected,
  ServerError
)

/**
 * What the answer of any endpoint can say.
 *
 * @since 0.1.0
 * @category errors
 */
export type EndpointError = typeof EndpointError.Type

/**
 * What the answer of an endpoint that is asked for a model can say.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelEndpointError = Schema.Union(
  ...EndpointError.members,
  ModelNotFound,
  ContextOverflow,
  InvalidRequest,
  ToolsNotSupported,
  ThinkingNotSupported,
  ImagesNotSupported
)

/**
 * What the answer of an endpoint that is asked for a model can say.
 *
 * @since 0.1.0
 * @category errors
 */
export type ModelEndpointError = typeof ModelEndpointError.Type

/**
 * How asking a provider for its models can fail.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DiscoveryError = Schema.Union(...TransportError.members, ...EndpointError.members, MalformedResponse)

/**
 * How asking a provider for its models can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type DiscoveryError = typeof DiscoveryError.Type

/**
 * How the models of a provider can fail to be known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CatalogError = Schema.Union(...ProviderError.members, ...DiscoveryError.members)

/**
 * How the models of a provider can fail to be known.
 *
 * @since 0.1.0
 * @category errors
 */
export type CatalogError = typeof CatalogError.Type

/**
 * How a model can fail to be chosen.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SelectionError = Schema.Union(...CatalogError.members, NoToolModels, UnknownModel, InvalidModelRef)

/**
 * How a model can fail to be chosen.
 *
 * @since 0.1.0
 * @category errors
 */
export type SelectionError = typeof SelectionError.Type

/**
 * How one model can fail to answer.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AttemptError = Schema.Union(
  ...ProviderError.members,
  NoToolModels,
  UnknownModel,
  InvalidModelRef,
  ...TransportError.members,
  ...ModelEndpointError.members,
  MalformedResponse,
  MalformedToolCall,
  IncompleteResponse
)

/**
 * How one model can fail to answer.
 *
 * @since 0.1.0
 * @category errors
 */
export type AttemptError = typeof AttemptError.Type

/**
 * A model that was tried and what came of it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Attempt = Schema.Struct({ ref: Schema.String, error: AttemptError })

/**
 * A model that was tried and what came of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  readonly ref: string
  readonly error: AttemptError
}

/**
 * Every candidate failed, for different reasons. Its category is the one that all of these share, else `model`.
 *
 * @since 0.1.0
 * @category errors
 */
export class AllModelsFailed extends Hinted<AllModelsFailed>()(
  "AllModelsFailed",
  ({ attempts: [first, ...more] }): Category =>
    first !== undefined && more.every(({ error }) => error.category === first.error.category)
      ? first.error.category
      : "model",
  { attempts: Schema.Array(Attempt) },
  hint.allModelsFailed,
  ({ attempts }) => attempts.some(({ error }) => error.isRetryable)
) {}

/**
 * How a completion can fail.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CompletionError = Schema.Union(...AttemptError.members, AllModelsFailed)

/**
 * How a completion can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type CompletionError = typeof CompletionError.Type

/**
 * Any error of this library.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OllamaError = Schema.Union(
  ConfigUnreadable,
  ConfigSyntaxError,
  ConfigIncludeError,
  ConfigUnwritable,
  ...CompletionError.members,
  OutputInvalid,
  TooManyTurns
)

/**
 * Any error of this library.
 *
 * @since 0.1.0
 * @category errors
 */
export type OllamaError = typeof OllamaError.Type

// =============================================================================
// for others
// =============================================================================

type Tag = OllamaError["_tag"]
const sentences: Readonly<Record<Tag, string>> = publicSentences

/**
 * What a host may show its own clients of an error: which one it is, whom it is about, whether the same call may succeed
 * later, and a fixed sentence. It has no URL, path, key, sign-in link or part of an answer: those are for the host.
 *
 * @since 0.1.0
 * @category errors
 */
export class PublicError extends Schema.TaggedError<PublicError>("effect-ollama/PublicError")("PublicError", {
  tag: Schema.Literal(...(Object.keys(sentences) as [Tag, ...ReadonlyArray<Tag>])),
  category: Category,
  isRetryable: Schema.Boolean,
  message: Schema.String
}) {}

/**
 * What a host may show its own clients of an error.
 *
 * @example
 * import { Effect } from "effect"
 * import { ChatCompletions, OllamaError } from "effect-ollama"
 *
 * const answer = ChatCompletions.create({ prompt: "Hi" }).pipe(
 *   Effect.tapError((error) => Effect.logWarning(error.hint)),
 *   Effect.mapError(OllamaError.toPublic)
 * )
 *
 * @since 0.1.0
 * @category combinators
 */
export const toPublic = ({ _tag: tag, category, isRetryable }: OllamaError): PublicError =>
  new PublicError({ tag, category, isRetryable, message: sentences[tag] })
