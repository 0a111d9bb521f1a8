/**
 * A provider as it was resolved: where it is, how it is spoken to, with which key, and which models it has.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as baseUrls from "./core/baseUrl.js"
import { makeDefinition } from "./core/catalog/definition.js"
import { plainHeaders, plainKey } from "./core/config/keys.js"
import { isSpoken } from "./core/config/models.js"
import { settle } from "./core/config/params.js"
import * as read from "./core/config/reader.js"
import { formatPath, type KeyPath } from "./core/config/tree.js"
import type { HeaderOptions, ModelOptions, Provider, ProviderHeaders, ProviderModel } from "./core/provider.js"
import type { JsonObject } from "./Message.js"
import { Api } from "./Model.js"
import { ConfigInvalid, type ConfigProblem } from "./OllamaError.js"

export type {
  Compat,
  Endpoint,
  HeaderOptions,
  ModelOptions,
  Provider,
  ProviderHeaders,
  ProviderKey,
  ProviderModel,
  ProviderSecret,
  ProviderStatus,
  SecretReference
} from "./core/provider.js"

/**
 * What {@link make} takes. All of it has a default: the Ollama of this machine.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default `ollama`. */
  readonly id?: string | undefined
  /** Default `http://127.0.0.1:11434`. A trailing `/v1` or `/api` does no harm. */
  readonly baseUrl?: string | undefined
  /** Default `openai-completions`. */
  readonly api?: Api | undefined
  readonly apiKey?: string | Redacted.Redacted | undefined
  /** Whether the key is sent as a Bearer token. Default `true`. */
  readonly authHeader?: boolean | undefined
  readonly headers?: HeaderOptions | undefined
  /** The first-byte and the idle limit. */
  readonly timeout?: Duration.DurationInput | undefined
  readonly params?: JsonObject | undefined
  /** Whether to ask for streams on the wire. Default: not of an Ollama. */
  readonly streaming?: boolean | undefined
  /** With models nothing is discovered. */
  readonly models?: ReadonlyArray<ModelOptions> | undefined
  /** Whether discovery keeps models without tools too. Default `false`. */
  readonly keepWithoutTools?: boolean | undefined
}

const revealed = (secret: string | Redacted.Redacted): string =>
  typeof secret === "string" ? secret : Redacted.value(secret)

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const isAmount = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0

const checkApi = (r: read.Reader, api: unknown, path: KeyPath): void => {
  if (!isSpoken(api)) r.problem(path, read.quoted(Api.literals), read.shownWord(api, Api.literals))
}

// What is not said by the type; and what its params say of streaming.
const checkModel = (r: read.Reader, model: ModelOptions, path: KeyPath): boolean | undefined => {
  if (model.id.trim() === "") r.problem([...path, "id"], "a model name", "an empty text")
  if (model.api !== undefined) checkApi(r, model.api, [...path, "api"])
  for (const name of ["contextWindow", "maxTokens", "contextTokens"] as const) {
    if (model[name] === undefined || isWhole(model[name])) continue
    r.problem([...path, name], "a whole number, 0 or more", read.shownNumber(model[name]))
  }
  for (const name of ["input", "output", "cacheRead", "cacheWrite"] as const) {
    if (model.cost?.[name] === undefined || isAmount(model.cost[name])) continue
    r.problem([...path, "cost", name], "a finite number, 0 or more", read.shownNumber(model.cost[name]))
  }
  return settle(r, model.params, [...path, "params"]).streaming
}

/**
 * Makes a provider by hand, without any configuration. Fails with everything that is wrong with the options.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Provider } from "effect-ollama"
 *
 * export const gpuBox = Provider.make({ baseUrl: "http://gpu-box:11434", api: "ollama" })
 */
export const make = (options: Options = {}): Either.Either<Provider, ConfigInvalid> => {
  const { api = "openai-completions", models = [] } = options
  const id = (options.id ?? "ollama").trim().toLowerCase()
  const problems: Array<ConfigProblem> = []
  const headers = (given: HeaderOptions | undefined, path: string): ProviderHeaders =>
    plainHeaders(
      Object.entries(given ?? {}).map(([name, value]) => [name, revealed(value)]),
      (name, { actual, expected }) => problems.push({ path: `${path}.${name}`, expected, actual })
    )
  const r = read.verbatim((path, expected, actual) => void problems.push({ path: formatPath(path), expected, actual }))
  if (id === "" || id.includes("/")) {
    problems.push({ path: "id", expected: "a name without a slash", actual: JSON.stringify(id) })
  }
  checkApi(r, api, ["api"])
  const url = baseUrls.normalize(options.baseUrl ?? baseUrls.defaultRoot, {
    provider: id,
    api: isSpoken(api) ? api : "openai-completions"
  })
  if (Either.isLeft(url)) problems.push({ path: "baseUrl", ...url.left })
  const key = plainKey(options.apiKey === undefined ? undefined : revealed(options.apiKey), "option")
  if (key?._tag === "Wrong") problems.push({ path: "apiKey", expected: key.expected, actual: key.actual })
  const { streaming } = settle(r, options.params, ["params"])
  const streamings = models.map((model, i) => checkModel(r, model, ["models", i]))
  const timeout = options.timeout === undefined
    ? undefined
    : Option.getOrNull(Option.map(Duration.decodeUnknown(options.timeout), Duration.toMillis))
  read.positive(r, timeout, ["timeout"], "milliseconds")
  const provided = headers(options.headers, "headers")
  const listed = models.map((model, i): ProviderModel => {
    const { api, compat, contextTokens, headers: given, maxTokensField, params, ...rest } = model
    const { streaming = streamings[i], ...described } = rest
    return {
      definition: makeDefinition({ ...described, id: model.id.trim() }),
      ...(api === undefined ? {} : { api }),
      ...(given === undefined ? {} : { headers: headers(given, `models[${i}].headers`) }),
      ...(params === undefined ? {} : { params }),
      ...(streaming === undefined ? {} : { streaming }),
      ...(contextTokens === undefined ? {} : { contextTokens }),
      ...(maxTokensField === undefined ? {} : { maxTokensField }),
      ...(compat === undefined ? {} : { compat })
    }
  })
  if (problems.length > 0 || Either.isLeft(url)) return Either.left(new ConfigInvalid({ problems }))
  const set = options.streaming ?? streaming
  return Either.right({
    id,
    source: models.length > 0 ? "configured" : "discovered",
    api,
    root: url.right.root,
    completionsUrl: url.right.completionsUrl,
    ...(key?._tag === "Value" ? { key: { value: key.value, source: "option", explicit: true } } : {}),
    authHeader: options.authHeader ?? true,
    headers: provided,
    ...(timeout === undefined || timeout === null ? {} : { timeout }),
    params: options.params ?? {},
    ...(set === undefined ? {} : { streaming: set }),
    models: listed,
    keepWithoutTools: options.keepWithoutTools ?? false
  })
}
