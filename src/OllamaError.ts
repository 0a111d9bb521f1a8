/**
 * Every way in which an operation can fail: tagged, `Schema`-encodable, with the fields that a program needs and a
 * `hint` that a person can act on. No error holds a key, a header or an HTTP client's error object.
 *
 * @since 0.1.0
 */
import type { YieldableError } from "effect/Cause"
import * as Schema from "effect/Schema"
import * as hint from "./core/failure/sentences.js"
import { Message, PartialAnswer } from "./Message.js"

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
  port: Schema.optional(Schema.Number)
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
  line: Schema.optional(Schema.Number),
  column: Schema.optional(Schema.Number)
})

/**
 * One problem of a configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigProblem extends Schema.Schema.Type<typeof ConfigProblem> {}

/**
 * A model that a provider has and that is not in its catalog.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExcludedModel = Schema.Struct({
  name: Schema.String,
  reason: Schema.Literal(
    "no-tools",
    "no-completion",
    "unknown-capabilities",
    "show-failed",
    "duplicate",
    "unsupported-api"
  ),
  detail: Schema.optional(Schema.String)
})

/**
 * A model that is not in the catalog, with the reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExcludedModel extends Schema.Schema.Type<typeof ExcludedModel> {}

// One class per tag: an encodable error whose message is its hint.
const Hinted = <Self>() =>
<const Tag extends string, Fields extends Schema.Struct.Fields>(
  tag: Tag,
  fields: Fields,
  hintOf: (error: Schema.Struct.Type<Fields>) => string
): HintedClass<Self, Tag, Fields> => {
  const Tagged = Schema.TaggedError<YieldableError>(`effect-ollama/${tag}`)(tag, fields)
  class Base extends (Tagged as unknown as new(props: never) => YieldableError) {
    get hint(): string {
      return hintOf(this as unknown as Schema.Struct.Type<Fields>)
    }
    override get message(): string {
      return this.hint
    }
  }
  return Base as unknown as HintedClass<Self, Tag, Fields>
}

interface HintedClass<Self, Tag extends string, Fields extends Schema.Struct.Fields> extends
  Schema.Class<
    Self,
    Fields & { readonly _tag: Schema.tag<Tag> },
    Schema.Struct.Encoded<Fields & { readonly _tag: Schema.tag<Tag> }>,
    Schema.Struct.Context<Fields>,
    Schema.Struct.Constructor<Fields>,
    { readonly _tag: Tag; readonly hint: string },
    YieldableError
  >
{}

const partial = Schema.optional(PartialAnswer)
const cause = Schema.optional(ErrorCause)
const answered = { url: Schema.String, status: Schema.Number, detail: Schema.String, partial }

// =============================================================================
// configuration
// =============================================================================

/**
 * A named configuration file is missing, or a file cannot be read, or it is not a regular file.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigUnreadable extends Hinted<ConfigUnreadable>()("ConfigUnreadable", {
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
export class ConfigSyntaxError extends Hinted<ConfigSyntaxError>()("ConfigSyntaxError", {
  path: Schema.String,
  line: Schema.Number,
  column: Schema.Number,
  detail: Schema.String,
  excerpt: Schema.String
}, hint.configSyntaxError) {}

/**
 * A configuration does not have the shape that it must have: all problems at once, each with its path.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigInvalid extends Hinted<ConfigInvalid>()("ConfigInvalid", {
  problems: Schema.Array(ConfigProblem)
}, hint.configInvalid) {}

/**
 * An `$include` cannot be followed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigIncludeError extends Hinted<ConfigIncludeError>()("ConfigIncludeError", {
  path: Schema.String,
  reason: Schema.Literal("unreadable", "cycle", "too-deep", "too-many", "too-large", "outside", "invalid"),
  /** The files from the configuration to the one that failed. */
  files: Schema.Array(Schema.String),
  detail: Schema.optional(Schema.String)
}, hint.configIncludeError) {}

/**
 * A `${VAR}` or `{ source: "env" }` of the configuration names a variable that is unset or empty.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingEnvironmentVariable extends Hinted<MissingEnvironmentVariable>()("MissingEnvironmentVariable", {
  variable: Schema.String,
  path: Schema.String
}, hint.missingEnvironmentVariable) {}

/**
 * A configuration file cannot be written, or a value in it must not be: `included` is one that comes from another file.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigUnwritable extends Hinted<ConfigUnwritable>()("ConfigUnwritable", {
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
export class NotEnabled extends Hinted<NotEnabled>()("NotEnabled", {
  provider: Schema.String
}, hint.notEnabled) {}

/**
 * The provider is configured in a way in which it cannot be used.
 *
 * @since 0.1.0
 * @category errors
 */
export class ProviderUnavailable extends Hinted<ProviderUnavailable>()("ProviderUnavailable", {
  provider: Schema.String,
  reason: Schema.Literal("no-credential", "unsupported-api", "no-base-url", "unknown-provider"),
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
  { provider: Schema.String, url: Schema.String },
  hint.noModelsConfigured
) {}

/**
 * The server answered, and none of its models can be used: every one with the reason why it was left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class NoToolModels extends Hinted<NoToolModels>()("NoToolModels", {
  provider: Schema.String,
  url: Schema.String,
  models: Schema.Array(ExcludedModel)
}, hint.noToolModels) {}

/**
 * No provider has the model.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnknownModel extends Hinted<UnknownModel>()("UnknownModel", {
  ref: Schema.String,
  /** The refs that exist. */
  known: Schema.Array(Schema.String),
  /** Set when the model was seen and left out of the catalog. */
  leftOut: Schema.optional(ExcludedModel),
  /** The ref that was probably meant. */
  suggestion: Schema.optional(Schema.String),
  /** Whether its provider's models are discovered, so that pulling it helps, or are those that the configuration lists. */
  discovered: Schema.optional(Schema.Boolean)
}, hint.unknownModel) {}

/**
 * A model ref does not have the form `provider/model`.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidModelRef extends Hinted<InvalidModelRef>()("InvalidModelRef", {
  ref: Schema.String,
  reason: Schema.Literal("no-provider", "empty-provider", "empty-model")
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
export class ConnectionRefused extends Hinted<ConnectionRefused>()("ConnectionRefused", {
  url: Schema.String,
  address: Schema.optional(Schema.String),
  port: Schema.optional(Schema.Number),
  /** How often it was tried. */
  attempts: Schema.Number,
  cause
}, hint.connectionRefused) {}

/**
 * The connection could not be made, or it broke.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionFailed extends Hinted<ConnectionFailed>()("ConnectionFailed", {
  url: Schema.String,
  reason: Schema.Literal("dns", "reset", "unreachable", "tls", "protocol", "other"),
  attempts: Schema.Number,
  partial,
  cause
}, hint.connectionFailed) {}

/**
 * The server took longer than a limit allows.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimeout extends Hinted<RequestTimeout>()("RequestTimeout", {
  url: Schema.String,
  phase: Schema.Literal("connect", "first-byte", "idle"),
  /** The limit in ms; absent when the limit is the transport's own and not known. */
  limit: Schema.optional(Schema.Number),
  attempts: Schema.Number,
  partial,
  cause
}, hint.requestTimeout) {}

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
  { ...answered, location: Schema.optional(Schema.String) },
  hint.endpointNotFound
) {}

/**
 * The server does not have the model.
 *
 * @since 0.1.0
 * @category errors
 */
export class ModelNotFound extends Hinted<ModelNotFound>()("ModelNotFound", {
  ...answered,
  model: Schema.optional(Schema.String)
}, hint.modelNotFound) {}

/**
 * The server wants a (different) key, or a sign-in (at `signinUrl`).
 *
 * @since 0.1.0
 * @category errors
 */
export class Unauthorized extends Hinted<Unauthorized>()("Unauthorized", {
  ...answered,
  signinUrl: Schema.optional(Schema.String)
}, hint.unauthorized) {}

/**
 * The server refuses: its cloud is switched off, or it does not allow this Host or Origin.
 *
 * @since 0.1.0
 * @category errors
 */
export class Forbidden extends Hinted<Forbidden>()("Forbidden", {
  ...answered,
  reason: Schema.Literal("cloud-disabled", "host-or-origin", "other")
}, hint.forbidden) {}

/**
 * Too many requests, or a used-up quota (`reason`).
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends Hinted<RateLimited>()("RateLimited", {
  ...answered,
  reason: Schema.Literal("rate", "quota"),
  /** What the server asks to wait, in ms. */
  retryAfter: Schema.optional(Schema.Number)
}, hint.rateLimited) {}

/**
 * The server's queue is full.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerBusy extends Hinted<ServerBusy>()("ServerBusy", {
  ...answered,
  /** What the server asks to wait, in ms. */
  retryAfter: Schema.optional(Schema.Number)
}, hint.serverBusy) {}

/**
 * The prompt is longer than the model's context.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContextOverflow extends Hinted<ContextOverflow>()("ContextOverflow", {
  ...answered,
  /** Tokens of the prompt. */
  promptTokens: Schema.optional(Schema.Number),
  /** Tokens of the context. */
  contextSize: Schema.optional(Schema.Number)
}, hint.contextOverflow) {}

/**
 * The request is wrong, whatever the model: said by the server, or seen before sending (then without `status`).
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends Hinted<InvalidRequest>()("InvalidRequest", {
  detail: Schema.String,
  /** Where in the request, e.g. `tools[0].parameters`, when it was seen before sending. */
  path: Schema.optional(Schema.String),
  url: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Number),
  partial
}, hint.invalidRequest) {}

/**
 * The server failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Hinted<ServerError>()("ServerError", answered, hint.serverError) {}

const capability = {
  model: Schema.optional(Schema.String),
  /** Absent when it was seen before sending. */
  url: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Number),
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
  extends Hinted<ToolsNotSupported>()("ToolsNotSupported", capability, hint.toolsNotSupported)
{}

/**
 * The model cannot think.
 *
 * @since 0.1.0
 * @category errors
 */
export class ThinkingNotSupported
  extends Hinted<ThinkingNotSupported>()("ThinkingNotSupported", capability, hint.thinkingNotSupported)
{}

/**
 * The model cannot see pictures.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImagesNotSupported
  extends Hinted<ImagesNotSupported>()("ImagesNotSupported", capability, hint.imagesNotSupported)
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
  { url: Schema.String, detail: Schema.String, partial },
  hint.malformedResponse
) {}

/**
 * The arguments of a tool call are not a JSON object.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedToolCall extends Hinted<MalformedToolCall>()("MalformedToolCall", {
  url: Schema.String,
  id: Schema.String,
  name: Schema.String,
  /** The arguments as they came. */
  raw: Schema.String,
  partial
}, hint.malformedToolCall) {}

/**
 * The answer ended without being finished.
 *
 * @since 0.1.0
 * @category errors
 */
export class IncompleteResponse extends Hinted<IncompleteResponse>()("IncompleteResponse", {
  url: Schema.String,
  /** `not-done`: the server said so; `ended`: it just ended; `connection`: the connection broke. */
  reason: Schema.Literal("not-done", "ended", "connection"),
  partial,
  cause
}, hint.incompleteResponse) {}

/**
 * The text of the answer does not decode with the output schema.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutputInvalid extends Hinted<OutputInvalid>()("OutputInvalid", {
  ref: Schema.String,
  text: Schema.String,
  detail: Schema.String
}, hint.outputInvalid) {}

/**
 * The model still called tools when the tool loop reached its maximum of turns. `history` is the conversation so far,
 * ready to be continued.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManyTurns extends Hinted<TooManyTurns>()("TooManyTurns", {
  turns: Schema.Number,
  history: Schema.Array(Message)
}, hint.tooManyTurns) {}

// =============================================================================
// unions
// =============================================================================

/**
 * A configuration that cannot be loaded.
 *
 * @since 0.1.0
 * @category errors
 */
export type ConfigError =
  | ConfigUnreadable
  | ConfigSyntaxError
  | ConfigInvalid
  | ConfigIncludeError
  | MissingEnvironmentVariable

/**
 * Why a provider cannot be used, known without asking it.
 *
 * @since 0.1.0
 * @category errors
 */
export type ProviderError =
  | NotEnabled
  | ProviderUnavailable
  | NoModelsConfigured
  | MissingEnvironmentVariable
  | ConfigInvalid

/**
 * No answer: the connection was refused, failed, or took too long.
 *
 * @since 0.1.0
 * @category errors
 */
export type TransportError = ConnectionRefused | ConnectionFailed | RequestTimeout

/**
 * What the answer of any endpoint can say.
 *
 * @since 0.1.0
 * @category errors
 */
export type EndpointError =
  | EndpointNotFound
  | Unauthorized
  | Forbidden
  | RateLimited
  | ServerBusy
  | ServerError

/**
 * What the answer of an endpoint that is asked for a model can say.
 *
 * @since 0.1.0
 * @category errors
 */
export type ModelEndpointError =
  | EndpointError
  | ModelNotFound
  | ContextOverflow
  | InvalidRequest
  | ToolsNotSupported
  | ThinkingNotSupported
  | ImagesNotSupported

/**
 * How asking a provider for its models can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type DiscoveryError = TransportError | EndpointError | MalformedResponse

/**
 * How the models of a provider can fail to be known.
 *
 * @since 0.1.0
 * @category errors
 */
export type CatalogError = ProviderError | DiscoveryError

/**
 * How a model can fail to be chosen.
 *
 * @since 0.1.0
 * @category errors
 */
export type SelectionError = CatalogError | NoToolModels | UnknownModel | InvalidModelRef

/**
 * How one model can fail to answer.
 *
 * @since 0.1.0
 * @category errors
 */
export type AttemptError =
  | ProviderError
  | NoToolModels
  | UnknownModel
  | InvalidModelRef
  | TransportError
  | ModelEndpointError
  | MalformedResponse
  | MalformedToolCall
  | IncompleteResponse

const AttemptErrorSchema: Schema.Schema<AttemptError, any> = Schema.Union( // any: the encoded side is only ever JSON
  NotEnabled,
  ProviderUnavailable,
  NoModelsConfigured,
  MissingEnvironmentVariable,
  ConfigInvalid,
  NoToolModels,
  UnknownModel,
  InvalidModelRef,
  ConnectionRefused,
  ConnectionFailed,
  RequestTimeout,
  EndpointNotFound,
  Unauthorized,
  Forbidden,
  RateLimited,
  ServerBusy,
  ServerError,
  ModelNotFound,
  ContextOverflow,
  InvalidRequest,
  ToolsNotSupported,
  ThinkingNotSupported,
  ImagesNotSupported,
  MalformedResponse,
  MalformedToolCall,
  IncompleteResponse
)

/**
 * A model that was tried and what came of it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Attempt = Schema.Struct({ ref: Schema.String, error: AttemptErrorSchema })

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
 * Every candidate failed, for different reasons.
 *
 * @since 0.1.0
 * @category errors
 */
export class AllModelsFailed
  extends Hinted<AllModelsFailed>()("AllModelsFailed", { attempts: Schema.Array(Attempt) }, hint.allModelsFailed)
{}

/**
 * How a completion can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type CompletionError = AttemptError | AllModelsFailed

/**
 * Any error of this library.
 *
 * @since 0.1.0
 * @category errors
 */
export type OllamaError = ConfigError | CompletionError | OutputInvalid | TooManyTurns
