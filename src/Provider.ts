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
import { isProblem, keyExpected, readHeaders, readKey } from "./core/config/credential.js"
import { costKeys } from "./core/config/known.js"
import { checkParams } from "./core/config/params.js"
import type { Problem } from "./core/config/plain.js"
import * as read from "./core/config/reader.js"
import { formatPath, type KeyPath } from "./core/config/tree.js"
import type { HeaderOptions, ModelOptions, Provider, ProviderHeaders, ProviderModel } from "./core/provider.js"
import type { JsonObject } from "./Message.js"
import type { Api } from "./Model.js"
import { ConfigInvalid, type ConfigProblem } from "./OllamaError.js"

export type {
  Endpoint,
  HeaderOptions,
  ModelOptions,
  Provider,
  ProviderHeaders,
  ProviderKey,
  ProviderModel,
  ProviderStatus
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
  /** With models nothing is discovered. */
  readonly models?: ReadonlyArray<ModelOptions> | undefined
  /** Whether discovery keeps models without tools too. Default `false`. */
  readonly keepWithoutTools?: boolean | undefined
}

const revealed = (secret: string | Redacted.Redacted): string =>
  typeof secret === "string" ? secret : Redacted.value(secret)

// What is not said by the type.
const checkModel = (r: read.Reader, model: ModelOptions, path: KeyPath, report: (problem: Problem) => void): void => {
  if (model.id.trim() === "") r.problem([...path, "id"], "a model name", "an empty text")
  read.count(r, model.contextWindow, [...path, "contextWindow"])
  read.count(r, model.maxTokens, [...path, "maxTokens"])
  for (const name of costKeys) read.amount(r, model.cost?.[name], [...path, "cost", name])
  checkParams(model.params ?? {}, [...path, "params"], report)
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
    readHeaders(
      Object.entries(given ?? {}).map(([name, value]) => [name, revealed(value)]),
      ({ actual, expected, name }) => problems.push({ path: `${path}.${name}`, expected, actual })
    )
  if (id === "" || id.includes("/")) {
    problems.push({ path: "id", expected: "a name without a slash", actual: JSON.stringify(id) })
  }
  const url = baseUrls.normalize(options.baseUrl ?? baseUrls.defaultRoot, { provider: id, api })
  if (Either.isLeft(url)) problems.push({ path: "baseUrl", ...url.left })
  const key = options.apiKey === undefined ? undefined : readKey(revealed(options.apiKey))
  if (isProblem(key)) problems.push({ path: "apiKey", expected: keyExpected, actual: key.problem })
  const report = (problem: Problem) => void problems.push({ ...problem, path: formatPath(problem.path) })
  const r = read.make(report, [])
  checkParams(options.params ?? {}, ["params"], report)
  models.forEach((model, i) => checkModel(r, model, ["models", i], report))
  const timeout = options.timeout === undefined
    ? undefined
    : Option.getOrNull(Option.map(Duration.decodeUnknown(options.timeout), Duration.toMillis))
  read.positive(r, timeout, ["timeout"], "milliseconds")
  const provided = headers(options.headers, "headers")
  const listed = models.map(({ api, headers: given, maxTokensField, params, ...model }, i): ProviderModel => ({
    definition: makeDefinition({ ...model, id: model.id.trim() }),
    ...(api === undefined ? {} : { api }),
    ...(given === undefined ? {} : { headers: headers(given, `models[${i}].headers`) }),
    ...(params === undefined ? {} : { params }),
    ...(maxTokensField === undefined ? {} : { maxTokensField })
  }))
  if (problems.length > 0 || Either.isLeft(url) || isProblem(key)) return Either.left(new ConfigInvalid({ problems }))
  return Either.right({
    id,
    source: models.length > 0 ? "configured" : "discovered",
    api,
    root: url.right.root,
    completionsUrl: url.right.completionsUrl,
    ...(key === undefined ? {} : { key: { value: key, source: "option", explicit: true } }),
    authHeader: options.authHeader ?? true,
    headers: provided,
    ...(timeout === undefined || timeout === null ? {} : { timeout }),
    params: options.params ?? {},
    models: listed,
    keepWithoutTools: options.keepWithoutTools ?? false
  })
}
